package commands

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// longFlags returns the arguments with two dashes before each flag that has one, as
// package flag takes it. Without that, the library that reads them would read -dsn as
// -d -s -n. No flag has a name of one letter but -h and -v.
func longFlags(root *cobra.Command, args []string) []string {
	takesValue := map[string]bool{}
	visit(root, func(f *pflag.Flag) { takesValue["--"+f.Name] = f.NoOptDefVal == "" })
	var long []string
	value := false // the next one belongs to the flag before it
	for i, arg := range args {
		if arg == "--" && !value {
			return append(long, args[i:]...)
		}
		if !value && len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			arg = "-" + arg
		}
		value = !value && takesValue[arg]
		long = append(long, arg)
	}
	return long
}

// visit calls each with every flag of a command and of those below it.
func visit(c *cobra.Command, each func(*pflag.Flag)) {
	c.PersistentFlags().VisitAll(each)
	c.Flags().VisitAll(each)
	for _, below := range c.Commands() {
		visit(below, each)
	}
}

// exactly takes as many arguments as there are names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		if len(names) == 0 {
			return usage("%s takes no argument, and was given %d", c.Name(), len(args))
		}
		return usage("%s takes %s, and was given %d arguments", c.Name(), strings.Join(names, " and "), len(args))
	}
}

// show is how a user is printed for people: as it is, unless a terminal would not
// show it so.
func show(user string) string {
	strange := func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r >= 0x7f }
	if user == "" || strings.ContainsFunc(user, strange) {
		return quoted(user)
	}
	return user
}

// quoted returns a text in quotes, with escapes for all that does not print.
func quoted(text string) string { return strconv.Quote(text) }
