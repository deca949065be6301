package spec

import (
	"testing"
)

// Only Discard touches a record that does not open.
func TestOnlyDiscardErasesWhatDoesNotOpen(t *testing.T) {
	sc := newScene(t, nil)
	sc.ok(setPIN)
	for _, op := range Operations {
		for _, why := range []Err{Unsealed, NewerFormat} {
			c := callOf(op.Op)
			left, out := sc.o.Unopened(sc.s, sc.now, why, &c)
			if op.Op == Discard && why == Unsealed {
				if !left.Empty() || out.Answer.Err != OK || out.Touch != Swap {
					t.Errorf("%s left %s, %s", op.Name, left, out.Answer)
				}
				continue
			}
			want := refuse(why)
			if op.Op == Users {
				want = Answer{}
			}
			if left != sc.s || out.Answer != want || out.Touch != Load {
				t.Errorf("%s of a record that is %s left %s, %s", op.Name, why, left, out.Answer)
			}
		}
	}
}
