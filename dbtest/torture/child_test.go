package torture

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// The engine is one of those that TestMain gives to Main.
func TestChildDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	if err := (&wallet{users: make(map[string]*holdings)}).store(walletFile(dir)); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(order{Engine: "SQLite", Source: filepath.Join(dir, "factor.db"), Dir: dir, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if n, _ := stdout.Read(make([]byte, 1)); n == 0 {
		t.Fatalf("the child does not work: %v", cmd.Wait())
	}
	stdin.Close() // as the death of the parent would
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Fatalf("without its parent the child ended with %v, want exit status 1", err)
	}
}

func TestSeedRepeatsTheDraws(t *testing.T) {
	draws := func(seed uint64) (all []intent) {
		w := &wallet{users: make(map[string]*holdings)}
		for n := range 200 {
			all = append(all, drawCall(seed, 7, n%workers, n, w))
		}
		return all
	}
	if !reflect.DeepEqual(draws(1), draws(1)) {
		t.Error("two runs with the same seed draw different operations")
	}
	if reflect.DeepEqual(draws(1), draws(2)) {
		t.Error("two seeds draw the same operations")
	}
}

func TestEveryOperationIsDrawn(t *testing.T) {
	w, seen := &wallet{users: make(map[string]*holdings)}, make(map[op]bool)
	for n := range 5000 {
		seen[drawCall(1, 0, 0, n, w).Op] = true
	}
	if want := 18; len(seen) != want {
		t.Errorf("%d operations are drawn, want %d: %v", len(seen), want, seen)
	}
}

func TestLineThatWasCutOffIsNone(t *testing.T) {
	dir := t.TempDir()
	j, err := newJournal(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.intend(4, wrongGuess), j.answered(4, answer{Class: classMismatch}), j.intend(5, wrongGuess)); err != nil {
		t.Fatal(err)
	}
	if _, err := j.calls.WriteString(`{"seq":3,"call":5,"answer":{"class":"misma`); err != nil {
		t.Fatal(err)
	}
	calls, err := readCalls(dir, 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 || calls[0].Class != classMismatch || !calls[1].open() || calls[1].to != 99 {
		t.Errorf("the journal of an answered call and one that was cut off reads as %v", calls)
	}
}
