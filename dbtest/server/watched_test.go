package server_test

import (
	"runtime"
	"testing"
)

// watched tells how a test was ended.
type watched struct {
	testing.TB
	result string
}

func (w *watched) Helper() {}

func (w *watched) Skipf(string, ...any) { w.result = "skipped"; runtime.Goexit() }

func (w *watched) Fatal(...any) { w.result = "failed"; runtime.Goexit() }
