package commands

import (
	"context"
	"strings"
	"testing"
)

func TestAPanicIsAFaultAndIsNotRepeated(t *testing.T) {
	p := Program{Open: func(context.Context) (*Service, error) { panic("of hunter2") }}
	var out strings.Builder
	code := p.Run(t.Context(), []string{"users"}, nil, &out, &out)
	if code != Fault || strings.Contains(out.String(), "hunter2") || !strings.Contains(out.String(), "panic_test.go") {
		t.Errorf("it ends with %d and prints %s", code, &out)
	}
}
