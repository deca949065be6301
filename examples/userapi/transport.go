package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// An api serves the operations over HTTP.
type api struct {
	*factors
	users       *users
	payments    *payments
	mail        *mailer
	metrics     *metrics
	log         *slog.Logger
	resetSecret [32]byte        // hash of the identity provider's token
	forbidSkip  bool            // whether a reset needs a proof
	stopping    context.Context // ends when the server begins to stop
}

// handler serves all operations, and answers any other request with an error
// object.
func (a *api) handler() http.Handler {
	paths := map[string]map[string]*operation{}
	for _, op := range slices.Concat(described, ours) {
		if paths[op.path] == nil {
			paths[op.path] = map[string]*operation{}
		}
		paths[op.path][op.method] = op
	}
	// No http.ServeMux: it answers a path that is not clean with HTML.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if methods := paths[r.URL.Path]; methods != nil {
			a.dispatch(w, r, methods)
			return
		}
		a.run(w, r, nowhere, func(http.ResponseWriter, *http.Request) error { return errNotFound })
	})
}

func (a *api) dispatch(w http.ResponseWriter, r *http.Request, methods map[string]*operation) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves the body out
	}
	op := methods[method]
	if op == nil {
		a.run(w, r, nowhere, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", allowed(methods))
			return errMethod
		})
		return
	}
	a.run(w, r, op, func(w http.ResponseWriter, r *http.Request) error {
		user, err := op.caller(a, r)
		if err != nil {
			return err
		}
		if err := checkMedia(r, op); err != nil {
			return err
		}
		return op.serve(a, w, r, user)
	})
}

// allowed returns the Allow header of a path.
func allowed(methods map[string]*operation) string {
	names := slices.Collect(maps.Keys(methods))
	if methods[http.MethodGet] != nil {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// run gives a request its ID, its limits and, if serve fails, its error object. It
// counts and logs the request.
func (a *api) run(w http.ResponseWriter, r *http.Request, op *operation, serve func(http.ResponseWriter, *http.Request) error) {
	started, done := time.Now(), a.metrics.begin(op)
	id := uuid.NewString()
	answer := &recorder{ResponseWriter: w}
	answer.Header().Set("Request-Id", id)
	answer.Header().Set("Cache-Control", "no-store") // answers hold codes and secrets
	ctx, cancel := context.WithTimeout(withRequestID(r.Context(), id), op.within)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)

	err := recoverPanic(func() error { return serve(answer, r) })
	code := ""
	if err != nil {
		p := problemOf(err, op)
		code = p.Code
		p.ID = id
		send(answer, p)
	}
	took := time.Since(started)
	done(answer.status, took)
	a.logRequest(r, op, answer.status, code, took, err)
}

// logRequest leaves out everything the client sent: bodies hold secrets, and so may
// a mistyped path or query.
func (a *api) logRequest(r *http.Request, op *operation, status int, code string, took time.Duration, err error) {
	attrs := []slog.Attr{
		slog.String("operation", op.name()),
		slog.Int("status", status), slog.Duration("took", took),
	}
	level := slog.LevelInfo
	if code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("err", err))
	}
	a.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// panicked is the error of a panic. Its text has the stack but not the panic's
// value, which may be a secret.
type panicked struct{ stack []byte }

func (p *panicked) Error() string { return "panic\n" + string(p.stack) }

func recoverPanic(serve func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = &panicked{debug.Stack()}
		}
	}()
	return serve()
}

// send sends a problem.
func send(w http.ResponseWriter, p problem) {
	p.Status = strconv.Itoa(p.status)
	p.Title = titles[p.Code]
	p.Links.About = documentation + p.Code
	p.Meta.At = instant(time.Now())
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64(p.retryAfter/time.Second), 10))
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	_ = write(w, p.status, jsonAPI, map[string][]problem{"errors": {p}}) // the client has gone
}

// write sends a body.
func write(w http.ResponseWriter, status int, contentType string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client has gone
	return nil
}

// A recorder keeps the status that was sent.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(text []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(text)
}
