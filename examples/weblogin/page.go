package main

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed style.css
var styles embed.FS

// pages holds each page, within the layout.
var pages = parsePages()

func parsePages() map[string]*template.Template {
	layout := template.Must(template.New("").Funcs(template.FuncMap{"clock": clockTime}).ParseFS(pageFiles, "pages/layout.html"))
	files, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		panic(err)
	}
	parsed := make(map[string]*template.Template)
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "pages/"), ".html")
		parsed[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, file))
	}
	return parsed
}

// A page holds the data of the layout.
type page struct {
	Visitor visitor
	Problem string // what went wrong
	Said    string // what went well
	Data    any
}

// show renders a page.
func (a *app) show(w http.ResponseWriter, r *http.Request, v visitor, name string, data any) error {
	return a.render(w, r, http.StatusOK, name, page{Visitor: v, Data: data})
}

// refuse shows a page again with the error. It returns a fault.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, v visitor, name string, data any, err error) error {
	problem, ok := a.problem(err)
	if !ok {
		return err
	}
	retryAfter(w, problem)
	return a.render(w, r, problem.Status, name, page{Visitor: v, Problem: problem.Text, Data: data})
}

// problem returns the answer to an error that a person can act on, and false for a
// fault.
func (a *app) problem(err error) (answer, bool) {
	var input inputError
	if errors.As(err, &input) {
		return answer{Status: http.StatusUnprocessableEntity, Text: string(input)}, true
	}
	said := answerOf(err, a.now())
	return said, said.Status != http.StatusInternalServerError
}

// errNoPage is the error of a page that does not exist for this visitor.
var errNoPage = errors.New("no such page")

// fail answers an error that no page has answered. It logs a fault and tells the
// visitor nothing about it.
func (a *app) fail(w http.ResponseWriter, r *http.Request, v visitor, err error) {
	said, ok := a.problem(err)
	switch {
	case errors.Is(err, errNoPage):
		said = answer{Status: http.StatusNotFound, Text: "There is no such page."}
	case !ok:
		a.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "pattern", r.Pattern, "err", err)
	}
	retryAfter(w, said)
	if err := a.render(w, r, said.Status, "error", page{Visitor: v, Problem: said.Text}); err != nil {
		a.log.ErrorContext(r.Context(), "page not sent", "err", err)
	}
}

func retryAfter(w http.ResponseWriter, said answer) {
	if said.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(said.RetryAfter/time.Second)))
	}
}

func (a *app) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) error {
	p.Said = a.sessions.PopString(r.Context(), keyFlash)
	var body bytes.Buffer
	if err := pages[name].ExecuteTemplate(&body, "layout.html", p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	return err
}

// headers keeps pages with secrets out of caches, other sites and their frames.
func (a *app) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin") // a link in a mail holds a token
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		next.ServeHTTP(w, r)
	})
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
