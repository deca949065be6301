package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTourSaysTheSameEachTime runs the whole tour twice: codes, secrets and file
// names differ, the output does not.
func TestTourSaysTheSameEachTime(t *testing.T) {
	first, _ := runTour(t)
	second, _ := runTour(t)
	if first != second {
		t.Fatalf("two runs differ.\nfirst:\n%s\nsecond:\n%s", first, second)
	}
}

func TestTourShowsEachPromise(t *testing.T) {
	said, _ := runTour(t)
	rest := said
	for _, line := range []string{
		"yes: a secret of 32 characters, period 30s, 6 digits, SHA1",
		"no:  factor: no credential given",
		"no:  factor: weak PIN",
		"and the waiting client woke",
		"no:  factor: password does not match, tries left: 4",
		"yes: a code of 6 digits, until 2026-03-02T09:13:00Z",
		"yes: its kind is account",
		"no:  factor: account code is not the newest, or was used",
		"yes: its kind is device-totp, and its device the phone: true",
		"no:  factor: device-totp code is not the newest, or was used",
		"5 were judged, 195 were not even looked at",
		"no:  factor: account code is locked until 2026-03-02T09:16:00Z",
		"yes: the lock is over",
		"authenticator.png",
		"the phone's secret and its ID are in it 0 times",
		"no:  factor: record cannot be opened",
		"yes: the reset may go on",
		"no:  factor: pin does not match, tries left: 2",
		"no:  factor: pin does not match, tries left: 1",
		"no:  factor: pin does not match, tries left: 0",
		"the wipe is marked, but the card is still there",
		"1 user swept: the wipe is finished",
		"no:  factor: critical data wiped",
		"yes: the guard starts anew",
		"Everything was as promised.",
	} {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("the tour does not say %q, or says it too early:\n%s", line, said)
		}
		rest = after
	}
}

func TestTourSavesItsFiles(t *testing.T) {
	_, dir := runTour(t)
	f, err := os.Open(filepath.Join(dir, "authenticator.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 256 || size.Y != 256 {
		t.Fatalf("the QR code measures %v, want 256 by 256", size)
	}
	for _, name := range []string{"tour.db", "stolen-row.txt"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Fatalf("%s: empty or %v", name, err)
		}
	}
}

func runTour(t *testing.T) (said, dir string) {
	t.Helper()
	dir = t.TempDir()
	var out bytes.Buffer
	if err := run(&out, dir); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String(), dir
}
