package factor_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

var allKinds = translate.Kinds(spec.KindsWhere(func(spec.KindRow) bool { return true }))

// guessed counts a wrong answer for the password, the PIN and both kinds that
// VerifyOTP judges by default, and a strike.
func (k *kit) guessed() {
	k.Helper()
	k.setPIN()
	k.is(k.guard.Prove(k.Context(), alice, factor.Credentials{PIN: wrongPIN}), factor.ErrMismatch)
	k.is(k.v.VerifyPassword(k.Context(), alice, "wrong"), factor.ErrMismatch)
	k.is(k.v.VerifyPIN(k.Context(), alice, wrongPIN), factor.ErrMismatch)
	k.is(second(k.v.VerifyOTP(k.Context(), alice, "123456")), factor.ErrMismatch)
	k.mu.Lock()
	k.events = nil
	k.mu.Unlock()
}

// unlocked returns the kinds of the events, which must all be of Unlock.
func (k *kit) unlocked() (kinds []factor.Kind) {
	k.Helper()
	for _, e := range k.events {
		if e.Action != factor.ActionUnlocked || e.User != alice || e.Err != nil {
			k.Fatalf("event %+v", e)
		}
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestUnlockSetsBackTheNamedKindsOrAll(t *testing.T) {
	for name, c := range map[string]struct {
		named, events, left []factor.Kind
	}{
		"one":         {[]factor.Kind{factor.KindPIN}, []factor.Kind{factor.KindPIN}, []factor.Kind{factor.KindPassword, factor.KindAccount, factor.KindDeviceTOTP}},
		"two":         {[]factor.Kind{factor.KindDeviceTOTP, factor.KindPassword}, []factor.Kind{factor.KindDeviceTOTP, factor.KindPassword}, []factor.Kind{factor.KindPIN, factor.KindAccount}},
		"one twice":   {[]factor.Kind{factor.KindPIN, factor.KindPIN}, []factor.Kind{factor.KindPIN}, []factor.Kind{factor.KindPassword, factor.KindAccount, factor.KindDeviceTOTP}},
		"none named":  {nil, allKinds, nil},
		"not counted": {[]factor.Kind{factor.KindLogin}, []factor.Kind{factor.KindLogin}, []factor.Kind{factor.KindPassword, factor.KindPIN, factor.KindAccount, factor.KindDeviceTOTP}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.guessed()
			loads, swaps := k.loads.Load(), k.swaps.Load()
			k.ok(k.admin.Unlock(t.Context(), alice, c.named...))
			if l, s := k.loads.Load()-loads, k.swaps.Load()-swaps; l != 1 || s != 1 {
				t.Errorf("%d loads and %d swaps, want one of each", l, s)
			}
			if got := k.unlocked(); !slices.Equal(got, c.events) {
				t.Errorf("events of %v, want %v", got, c.events)
			}
			s := k.status()
			var left []factor.Kind
			for _, b := range s.Budgets {
				left = append(left, b.Kind)
			}
			if !slices.Equal(left, c.left) || s.Strikes != 1 {
				t.Errorf("%v are still counted and %d strikes, want %v and 1", left, s.Strikes, c.left)
			}
		})
	}
}

// Unlocking ends no wipe, neither one that waits nor one that is done.
func TestUnlockTouchesNoWipe(t *testing.T) {
	k := newKit(t)
	k.guessed()
	k.wipe = errDown
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	for _, fault := range []error{errDown, nil} {
		k.wipe = fault
		_ = k.guard.Forfeit(t.Context(), alice)
		before := *k.status().Wipe
		wipes := len(k.wipes)
		k.ok(k.admin.Unlock(t.Context(), alice))
		if s := k.status(); s.Wipe == nil || *s.Wipe != before || s.Strikes != 4 || len(s.Budgets) != 0 || len(k.wipes) != wipes {
			t.Fatalf("%+v after %d wipes", s, len(k.wipes)-wipes)
		}
	}
}

func TestUnlockWithoutARecordIsNoEvent(t *testing.T) {
	k := newKit(t)
	k.ok(k.admin.Unlock(t.Context(), alice))
	k.ok(k.admin.Unlock(t.Context(), alice, factor.KindPIN))
	k.ok(k.admin.Reseal(t.Context(), alice))
	if got := k.actions(); len(got) != 0 {
		t.Errorf("events %v", got)
	}
	if rec, err := k.Store.Load(t.Context(), alice); err != nil || !rec.IsZero() {
		t.Errorf("there is a record now: %+v, %v", rec, err)
	}
}

// A list that a filter has left empty is not nil: the caller asked for no kind, and
// must not get all.
func TestAnEmptyListOfKindsIsRefused(t *testing.T) {
	k := newKit(t)
	k.guessed()
	loads := k.loads.Load()
	none := []factor.Kind{}
	for name, err := range map[string]error{
		"VerifyOTP": second(k.v.VerifyOTP(t.Context(), alice, "123456", none...)),
		"Unlock":    k.admin.Unlock(t.Context(), alice, none...),
	} {
		m, ok := errors.AsType[*factor.MalformedError](err)
		if !ok || m.Field != "kinds" || !strings.Contains(m.Reason, "at least one") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := k.loads.Load() - loads; n != 0 {
		t.Errorf("%d loads", n)
	}
	// A nil list cannot be told from none.
	k.is(second(k.v.VerifyOTP(t.Context(), alice, "123456", []factor.Kind(nil)...)), factor.ErrMismatch)
	k.ok(k.admin.Unlock(t.Context(), alice, []factor.Kind(nil)...))

	_, err := factor.NewVerifier(k.Store, keyring(t), &factor.Options{ProofKinds: none})
	if err == nil || !strings.Contains(err.Error(), "factor: Options.ProofKinds must") {
		t.Errorf("ProofKinds: %v", err)
	}
}

// The error for an unknown kind lists the known ones.
func TestAnUnknownKindIsAnsweredWithTheKnownOnes(t *testing.T) {
	k := newKit(t)
	for name, c := range map[string]struct {
		err   error
		kinds []factor.Kind
	}{
		"Unlock":        {k.admin.Unlock(t.Context(), alice, factor.KindPIN, "sms"), allKinds},
		"Unlock, empty": {k.admin.Unlock(t.Context(), alice, ""), allKinds},
		"VerifyOTP":     {second(k.v.VerifyOTP(t.Context(), alice, "123456", "sms")), translate.Kinds(spec.CodeKinds)},
		"IssueUnproven": {second(k.codes.IssueUnproven(t.Context(), alice, "sms")), translate.Kinds(spec.IssuedKinds)},
	} {
		m, ok := errors.AsType[*factor.MalformedError](c.err)
		if !ok || m.Field != "kinds" || strings.Contains(m.Reason, "sms") {
			t.Errorf("%s: %v", name, c.err)
			continue
		}
		for _, kind := range allKinds {
			if named := strings.Contains(" "+strings.ReplaceAll(m.Reason, ",", " ")+" ", " "+string(kind)+" "); named != slices.Contains(c.kinds, kind) {
				t.Errorf("%s: %s is named: %v in %q", name, kind, named, m.Reason)
			}
		}
	}
	if k.loads.Load() != 0 {
		t.Error("it was loaded for")
	}
}
