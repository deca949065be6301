// Package commands is factorctl, for hosts that build their own: one that knows the
// functions of their Options, or that opens the store and the key in their own way.
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
// Every command goes through the exported methods of factor, most of them those of
// factor.Admin. So it counts, locks and stores as the host's own process does, next
// to which it may run.
//
// No command prints a secret, a key, or the password in a data source name.
package commands
