// Command userapi serves the five operations of the described user API over HTTP,
// on factor. Read and adapt it. The README beside it tells how to start it, what it
// answers, and what a real service has to change.
//
//	go run ./examples/userapi -addr 127.0.0.1:8080
//
// Read operations.go, api.go and problem.go first: the operations, what each does,
// and the answer to each error. engine.go embeds factor; users.go, payments.go and
// mail.go are the host's own part.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "userapi:", err)
		os.Exit(1)
	}
}

// config holds the values of the flags.
type config struct {
	addr, metricsAddr           string
	dsn, dir, mailFile, keyFile string
	forbidSkip                  bool
}

func parse(args []string, output io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("userapi", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to serve the API on; port 0 picks one")
	flags.StringVar(&c.metricsAddr, "metrics", "127.0.0.1:0", "`address` to serve /metrics on")
	flags.StringVar(&c.dir, "dir", "", "`directory` for the files; by default a new temporary one")
	flags.StringVar(&c.dsn, "dsn", "", "`data source name` of the database; by default an SQLite file in the directory")
	flags.StringVar(&c.mailFile, "mail", "", "`file` that mails are appended to; by default mail.txt in the directory")
	flags.StringVar(&c.keyFile, "key", "", "`file` with the key that seals the records; by default key.hex in the directory, made if it is not there")
	flags.BoolVar(&c.forbidSkip, "forbid-skip", false, "whether a password reset needs a proof, so that skip is answered 403")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if c.dir == "" {
		dir, err := os.MkdirTemp("", "userapi-")
		if err != nil {
			return c, err
		}
		c.dir = dir
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return c, err
	}
	if c.dsn == "" {
		c.dsn = sqliteDSN(filepath.Join(c.dir, "userapi.db"))
	}
	if c.mailFile == "" {
		c.mailFile = filepath.Join(c.dir, "mail.txt")
	}
	if c.keyFile == "" {
		c.keyFile = filepath.Join(c.dir, "key.hex")
	}
	return c, nil
}

// run serves until ctx ends. It prints to stdout what you need to try it, including
// the demo user's token, and logs to stderr, which holds no secret.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	c, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	metrics, err := net.Listen("tcp", c.metricsAddr)
	if err != nil {
		return err
	}
	defer metrics.Close()
	s, err := newService(ctx, c, newLogger(stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	d, err := s.addDemoUsers(ctx)
	if err != nil {
		return err
	}
	d.base, d.metrics = "http://"+listener.Addr().String(), "http://"+metrics.Addr().String()
	d.dir, d.mailFile = c.dir, c.mailFile
	if err := d.print(stdout); err != nil {
		return err
	}
	return s.serve(ctx, listener, metrics)
}

// serve serves until ctx ends, and then lets running requests finish. It answers
// long polls at once.
func (s *service) serve(ctx context.Context, listener, metricsListener net.Listener) error {
	api := &http.Server{
		Handler:           s.api.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       patience,
		WriteTimeout:      slowest,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	api.RegisterOnShutdown(s.stopPolls)
	metrics := &http.Server{Handler: s.api.metrics.handler(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: slowest}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		s.sweep(ctx)
	}()
	ended := make(chan error, 2)
	go func() { ended <- api.Serve(listener) }()
	go func() { ended <- metrics.Serve(metricsListener) }()
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-ended:
	}
	stop()
	<-swept
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	return errors.Join(failed, api.Shutdown(last), metrics.Shutdown(last))
}
