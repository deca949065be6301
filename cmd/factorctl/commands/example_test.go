package commands_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/commands"
	"github.com/knowhave/factor/memstore"
)

// deletePaymentData stands for what a host has: see factor.Options.Wipe.
func deletePaymentData(context.Context, factor.Wipe) error { return nil }

// A host whose Options hold functions builds a factorctl that has them. The database,
// the keys and the limits still come from the flags.
func ExampleProgram_Main() {
	commands.Program{
		Name: "shopctl",
		Functions: func(o *factor.Options) error {
			o.Wipe = deletePaymentData
			return nil
		},
	}.Main()
}

// A host that keeps its records and its key elsewhere opens them in its own way. Such
// a program has no flags for them.
func ExampleProgram_Run() {
	ctx := context.Background()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		log.Fatal(err)
	}
	service := &commands.Service{Store: memstore.New(), Sealer: keyring, Options: &factor.Options{Wipe: deletePaymentData}}
	verifier, err := factor.NewVerifier(service.Store, service.Sealer, service.Options)
	if err != nil {
		log.Fatal(err)
	}
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	for range 3 {
		_ = verifier.VerifyPIN(ctx, "alice", "1357") // is wrong
	}

	shopctl := commands.Program{
		Name: "shopctl",
		Open: func(context.Context) (*commands.Service, error) { return service, nil },
	}
	for _, command := range [][]string{{"users", "--locked"}, {"unlock", "alice"}, {"status", "alice"}, {"remove", "pin", "alice", "--yes"}} {
		if code := shopctl.Run(ctx, command, os.Stdin, os.Stdout, os.Stderr); code != commands.Done {
			fmt.Println("exit code", code)
		}
	}
	// Output:
	// alice
	// alice: unlocked
	// user            alice
	// PIN             set
	// authenticator   none
	// devices         0
	// recovery codes  0
	// wrong answers   none counted, nothing locked
	// reset strikes   0
	// wipe            none
	// notices         none wait
	// alice: pin removed
}
