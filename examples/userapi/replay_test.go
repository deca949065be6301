package main

import (
	"os/exec"
	"testing"
)

// TestReplay sends each documented request to a server that has just started, by
// the program that the README shows.
func TestReplay(t *testing.T) {
	for name, args := range map[string][]string{"default": nil, "skip forbidden": {"-forbid-skip"}} {
		t.Run(name, func(t *testing.T) {
			s := startProgram(t, args...)
			replay := exec.CommandContext(t.Context(), "go", append([]string{"run", "./replay", "-base", s.base,
				"-token", s.token, "-newcomer", s.newcomer, "-unlinked", s.unlinked, "-reset", s.resetToken}, args...)...)
			if said, err := replay.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
		})
	}
}
