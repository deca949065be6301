package main

import (
	"errors"
	"fmt"
)

// scene prints the title of a scene and the methods it uses.
func (t *tour) scene(title, methods string) {
	fmt.Fprintf(t.w, "\n%s\n  [%s]\n", title, methods)
}

// ask prints a question and its time.
func (t *tour) ask(question string) {
	fmt.Fprintf(t.w, "  %s  %s\n", t.host.clock().Format("15:04:05"), question)
}

// accepted prints the answer to a question that factor must accept.
func (t *tour) accepted(err error, format string, args ...any) {
	t.answer(err == nil, err, "yes: "+fmt.Sprintf(format, args...))
}

// refused prints an error, which must match all the wanted ones.
func (t *tour) refused(err error, wanted ...error) {
	ok := true
	for _, want := range wanted {
		ok = ok && errors.Is(err, want)
	}
	t.answer(ok, err, fmt.Sprintf("no:  %v", err))
}

// shown prints a fact, which must be true.
func (t *tour) shown(ok bool, err error, format string, args ...any) {
	t.answer(ok && err == nil, err, fmt.Sprintf(format, args...))
}

func (t *tour) answer(ok bool, err error, text string) {
	if !ok {
		text = fmt.Sprintf("NOT AS PROMISED (%v): %s", err, text)
		t.wrong = append(t.wrong, errors.New(text))
	}
	fmt.Fprintf(t.w, "            %s\n", text)
}
