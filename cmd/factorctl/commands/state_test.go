package commands

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// nonceFirst is a sealer that puts chance in front, as one without an ID of its key may.
type nonceFirst struct{}

func (nonceFirst) Encrypt(plain, _ []byte) ([]byte, error) {
	return append([]byte(rand.Text()), plain...), nil
}

func (nonceFirst) Decrypt(sealed, _ []byte) ([]byte, error) {
	return sealed[len(rand.Text()):], nil
}

func TestAStateThatCouldNotBeResumedIsRefusedAtOnce(t *testing.T) {
	p := Program{Open: func(context.Context) (*Service, error) {
		return &Service{Store: memstore.New(), Sealer: nonceFirst{}, Options: &factor.Options{}}, nil
	}}
	var out strings.Builder
	file := filepath.Join(t.TempDir(), "state")
	if code := p.Run(t.Context(), []string{"reseal", "--state", file}, nil, &out, &out); code != Usage || !strings.Contains(out.String(), "give --after") {
		t.Errorf("it ends with %d and prints %s", code, &out)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("there is a file: %v", err)
	}
	if code := p.Run(t.Context(), []string{"reseal"}, nil, &out, &out); code != Done {
		t.Errorf("without a file it ends with %d and prints %s", code, &out)
	}
}

func TestWhatCouldNotBeWrittenReplacesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openPartial(file)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	if err := closePartial(f, file, full); !errors.Is(err, full) {
		t.Errorf("it returns %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "before" || err != nil {
		t.Errorf("the file holds %q: %v", text, err)
	}
	if _, err := os.Stat(f.Name()); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", f.Name(), err)
	}
}

func TestAnImportThatIsStoppedReplacesNoRefusedRows(t *testing.T) {
	dir := t.TempDir()
	file, refused := filepath.Join(dir, "users.csv"), filepath.Join(dir, "refused.csv")
	for name, text := range map[string]string{file: "user,pin.hash\na,x\n", refused: "mended by hand"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := Program{Open: func(context.Context) (*Service, error) {
		cancel() // before the first row
		return &Service{Store: memstore.New(), Sealer: nonceFirst{}, Options: &factor.Options{}}, nil
	}}
	var out strings.Builder
	if code := p.Run(ctx, []string{"import", file, "--refused", refused}, nil, &out, &out); code != Interrupted {
		t.Errorf("it ends with %d and prints %s", code, &out)
	}
	if text, err := os.ReadFile(refused); string(text) != "mended by hand" || err != nil {
		t.Errorf("the file of refused rows holds %q: %v", text, err)
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAResultThatCannotBePrintedIsAFault(t *testing.T) {
	for _, command := range []string{"sweep", "users", "reseal", "doctor"} {
		for _, form := range []string{"--json", "--quiet"} {
			store := memstore.New()
			if err := store.CompareAndSwap(t.Context(), "a", 0, factor.Record{Data: []byte("x"), Version: 1}); err != nil {
				t.Fatal(err)
			}
			p := Program{Open: func(context.Context) (*Service, error) {
				return &Service{Store: store, Sealer: nonceFirst{}, Options: &factor.Options{}}, nil
			}}
			var errs strings.Builder
			if code := p.Run(t.Context(), []string{command, form}, nil, fullDisk{}, &errs); code != Fault {
				t.Errorf("%s %s ends with %d and prints %s", command, form, code, &errs)
			}
		}
	}
}

// Renaming over /dev/null would leave the machine without it.
func TestOnlyARegularFileIsReplaced(t *testing.T) {
	dir := t.TempDir()
	target, link, below := filepath.Join(dir, "target"), filepath.Join(dir, "link"), filepath.Join(dir, "below")
	users := filepath.Join(dir, "users.csv")
	for name, text := range map[string]string{target: "", users: "user,pin.hash\na,x\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(target, link), os.Mkdir(below, 0o700)); err != nil {
		t.Fatal(err)
	}
	p := Program{Open: func(context.Context) (*Service, error) {
		ring, err := factor.NewKeyring(bytes.Repeat([]byte{1}, keySize))
		return &Service{Store: memstore.New(), Sealer: ring, Options: &factor.Options{}}, err
	}}
	for _, name := range []string{link, below} {
		for _, args := range [][]string{{"import", users, "--refused", name}, {"reseal", "--state", name}} {
			var out strings.Builder
			if code := p.Run(t.Context(), args, nil, &out, &out); code != Usage || !strings.Contains(out.String(), "is not a regular file") {
				t.Errorf("%q ends with %d and prints %s", args, code, &out)
			}
		}
	}
	if is, err := os.Lstat(link); err != nil || is.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v: %v", is, err)
	}
}

func TestAnInterruptEndsTheCountOfRows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("user\na\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := Program{Open: func(context.Context) (*Service, error) {
		t.Error("it goes on to the store")
		return nil, errors.New("not opened")
	}}
	var out strings.Builder
	if code := p.Run(ctx, []string{"import", file}, nil, &out, &out); code != Interrupted {
		t.Errorf("it ends with %d and prints %s", code, &out)
	}
}
