package commands

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// longFlags adds a second dash to each flag with one, as package flag accepts it.
// Otherwise the flag library would read -dsn as -d -s -n. The only one-letter flags
// are -h and -v.
func longFlags(root *cobra.Command, args []string) []string {
	takesValue := map[string]bool{}
	visit(root, func(f *pflag.Flag) { takesValue["--"+f.Name] = f.NoOptDefVal == "" })
	var long []string
	value := false // the next argument is the value of a flag
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

// visit calls each with every flag of a command and its subcommands.
func visit(c *cobra.Command, each func(*pflag.Flag)) {
	c.PersistentFlags().VisitAll(each)
	c.Flags().VisitAll(each)
	for _, below := range c.Commands() {
		visit(below, each)
	}
}

// exactly accepts one argument for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		if len(names) == 0 {
			return usage("%s takes no argument, but got %d", c.Name(), len(args))
		}
		return usage("%s takes %s, but got %d arguments", c.Name(), strings.Join(names, " and "), len(args))
	}
}

// show returns a user for people: as it is, or quoted if a terminal would show it
// otherwise.
func show(user string) string {
	strange := func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r >= 0x7f }
	if user == "" || strings.ContainsFunc(user, strange) {
		return quoted(user)
	}
	return user
}

// quoted returns a text in quotes, with non-printing characters escaped.
func quoted(text string) string { return strconv.Quote(text) }
