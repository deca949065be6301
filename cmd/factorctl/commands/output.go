package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// printJSON prints a value as JSON on one line.
func (a *app) printJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s\n", text)
	return err
}

// print prints a result as text, or as JSON with --json.
func (a *app) print(v any, format string, args ...any) error {
	if a.flags.json {
		return a.printJSON(v)
	}
	_, err := fmt.Fprintf(a.out, format+"\n", args...)
	return err
}

// columns prints rows in columns of at least the given width.
func (a *app) columns(width int, rows [][]string) error {
	w := tabwriter.NewWriter(a.out, width, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// instant formats a time.
func instant(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// confirm asks before an act that cannot be undone. With --yes it does not ask.
func (a *app) confirm(ctx context.Context, question string) error {
	answer, err := a.ask(ctx, question+" [y/N] ")
	yes := strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
	if err != nil || yes || a.flags.yes {
		return err
	}
	return refused("not done")
}

// confirmUser makes the operator type the user's id again.
func (a *app) confirmUser(ctx context.Context, question, user string) error {
	answer, err := a.ask(ctx, question+"\nType the user's id again: ")
	if err != nil || answer == user || a.flags.yes {
		return err
	}
	return refused("not done: that is another user")
}

// ask returns the answer to a question, or "" with --yes.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	if a.flags.yes {
		return "", nil
	}
	if !a.terminal(a.in) {
		return "", usage("cannot ask for confirmation, because the input is no terminal: give --yes")
	}
	fmt.Fprint(a.errs, question)
	line, err := bufio.NewReader(untilDone{ctx, a.in}).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// untilDone is a reader whose Read returns when the context ends.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	own, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := u.in.Read(own)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, own[:r.n]), r.err
	case <-u.ctx.Done():
		return 0, u.ctx.Err()
	}
}
