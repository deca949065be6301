package sqlstore

import (
	"context"
	"testing"
)

// Only SQLite needs turns; elsewhere rows are locked one by one.
func TestWritesOfADialectWithoutTurnsDoNotWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &Store{}
	for range 2 {
		if _, err := s.takeTurn(ctx); err != nil {
			t.Fatalf("takeTurn without turns = %v", err)
		}
	}
}
