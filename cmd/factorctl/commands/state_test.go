package commands

import (
	"context"
	"crypto/rand"
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
