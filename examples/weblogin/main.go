// Command weblogin is a small web application with a login that uses factor: a
// password and then an authenticator, a mailed code or a recovery code; a PIN and a
// payment confirmed with a code; and a forgotten password.
//
// From the root of the repository:
//
//	go run ./examples/weblogin
//
// Open the address that it prints. Mail goes to a page of the application, so you
// need nothing else. Read options.go and login.go first.
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
		fmt.Fprintln(os.Stderr, "weblogin:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("weblogin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:8080", "the address to serve on; port 0 picks one")
	dir := flags.String("dir", "", "where the database and the key are kept (default a new temporary directory)")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *dir, err = makeDir(*dir); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: choose another address with -addr", err)
	}
	defer listener.Close()
	base := "http://" + listener.Addr().String()
	a, err := newApp(ctx, config{
		Database: filepath.Join(*dir, "weblogin.db"), KeyFile: filepath.Join(*dir, "key.hex"), Base: base,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	fmt.Fprintf(stdout, "Open %s\nMail is at %s/mailbox; the database and the key are in %s\nCtrl-C ends it.\n", base, base, *dir)
	return a.serve(ctx, listener)
}

func makeDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "weblogin-")
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// serve serves until ctx ends, and sweeps every minute.
func (a *app) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: a.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		a.sweep(ctx)
	}()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-ended:
	}
	stop()
	<-swept
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(failed, server.Shutdown(last))
}

// sweep calls Admin.Sweep at once and then every minute, until ctx ends: it
// finishes wipes that were cut off and sends notices that failed. A cron job would
// do as well. It also drops the application's own leftovers.
func (a *app) sweep(ctx context.Context) {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		_, err := a.admin.Sweep(ctx)
		if err = errors.Join(err, a.settleChanges(ctx), a.dropExpired(ctx)); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "sweep", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// dropExpired deletes expired links and remembered browsers.
func (a *app) dropExpired(ctx context.Context) error {
	var failed []error
	for _, query := range []string{`DELETE FROM reset_links WHERE ends_at <= ?`, `DELETE FROM browsers WHERE ends_at <= ?`} {
		_, err := a.db.ExecContext(ctx, query, a.now().UnixMilli())
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
