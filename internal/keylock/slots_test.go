package keylock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAKeyHasFourSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Slots
		var leave [MaxAtOnce]func()
		for i := range leave {
			var err error
			if leave[i], err = s.Enter(t.Context(), "a", 0); err != nil {
				t.Fatalf("slot %d: %v", i, err)
			}
		}
		began := time.Now()
		if _, err := s.Enter(t.Context(), "a", 3*time.Second); err != ErrTaken || time.Since(began) != 3*time.Second {
			t.Fatalf("a fifth: %v after %v", err, time.Since(began))
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Enter(gone, "a", time.Hour); err != context.DeadlineExceeded {
			t.Fatalf("whose context ends: %v", err)
		}
		other, err := s.Enter(t.Context(), "b", 0)
		if err != nil {
			t.Fatalf("another key: %v", err)
		}
		other()
		fifth := make(chan func())
		go func() {
			leave, err := s.Enter(t.Context(), "a", time.Hour)
			if err != nil {
				t.Error(err)
			}
			fifth <- leave
		}()
		synctest.Wait()
		leave[0]()
		(<-fifth)()
		for _, leave := range leave[1:] {
			leave()
		}
		if len(s.keys) != 0 {
			t.Errorf("%d keys are left", len(s.keys))
		}
	})
}
