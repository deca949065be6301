// Package commands holds the commands of factorctl, for hosts that build their own:
// one that sets the functions of Options, or opens the store and the key in its own
// way.
//
//	func main() {
//		commands.Program{
//			Name: "shopctl",
//			Functions: func(o *factor.Options) error {
//				o.Wipe = shop.DeletePaymentData
//				return nil
//			},
//		}.Main()
//	}
//
// Every command calls the exported methods of factor, most of them those of
// factor.Admin. So it counts, locks and stores as the host's own process does, and
// may run beside it.
//
// No command prints a secret, a key, or the password in a data source name.
package commands
