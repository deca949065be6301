// Command factorctl operates the records of package factor: it shows and unlocks
// users, removes what they hold, moves users in from another system, changes the
// key, sweeps, and checks the settings.
//
// Run factorctl help for its commands. If your Options hold functions, such as
// Wipe, build your own from package commands.
package main

import "github.com/knowhave/factor/cmd/factorctl/commands"

func main() { commands.Program{}.Main() }
