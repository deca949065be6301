package factor_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// oddSealer is a Sealer whose methods are replaced.
type oddSealer struct {
	factor.Sealer
	encrypt, decrypt func(sealed []byte, err error) ([]byte, error)
}

func (s oddSealer) Encrypt(plain, data []byte) ([]byte, error) {
	if s.encrypt != nil {
		return s.encrypt(s.Sealer.Encrypt(plain, data))
	}
	return s.Sealer.Encrypt(plain, data)
}

func (s oddSealer) Decrypt(sealed, data []byte) ([]byte, error) {
	if s.decrypt != nil {
		return s.decrypt(s.Sealer.Decrypt(sealed, data))
	}
	return s.Sealer.Decrypt(sealed, data)
}

func TestAnOddSealerAcceptsAndStoresNothing(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		odd  oddSealer
		want error // nil: any
	}{
		{"seals to nothing", oddSealer{encrypt: func([]byte, error) ([]byte, error) { return nil, nil }}, nil},
		{"does not seal", oddSealer{encrypt: func([]byte, error) ([]byte, error) { return nil, boom }}, boom},
		{"panics when it seals", oddSealer{encrypt: func([]byte, error) ([]byte, error) { panic(boom) }}, boom},
		{"does not open", oddSealer{decrypt: func([]byte, error) ([]byte, error) { return nil, boom }}, factor.ErrUnsealed},
		{"panics when it opens", oddSealer{decrypt: func([]byte, error) ([]byte, error) { panic(boom) }}, factor.ErrUnsealed},
		{"opens to nothing", oddSealer{decrypt: func([]byte, error) ([]byte, error) { return nil, nil }}, factor.ErrUnsealed},
		{"opens to something else", oddSealer{decrypt: func([]byte, error) ([]byte, error) { return []byte("account"), nil }}, factor.ErrUnsealed},
		{"opens to an unknown version", oddSealer{decrypt: func(p []byte, err error) ([]byte, error) { p[0]++; return p, err }}, factor.ErrUnsealed},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
			before, _ := k.Store.Load(t.Context(), alice)
			c.odd.Sealer = keyring(t)
			v, err := factor.NewVerifier(k.Store, c.odd, &factor.Options{
				CheckPassword: func(context.Context, string, string) (bool, error) { return true, nil },
			})
			k.ok(err)
			err = v.VerifyPassword(t.Context(), alice, rightPW)
			if err == nil || !errors.Is(err, c.want) && c.want != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if after, _ := k.Store.Load(t.Context(), alice); after.Version != before.Version {
				t.Fatal("something was stored")
			}
		})
	}
}

// Only Discard touches a record that does not open: Forget may have met a passing
// fault, and a wipe may be pending.
func TestARecordThatDoesNotOpenIsNotAbsent(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.issue(factor.KindAccount)
	ring, err := factor.NewKeyring([]byte("another key of thirty-two bytes!"))
	k.ok(err)
	v, err := factor.NewVerifier(k.Store, ring, &factor.Options{Now: func() time.Time { return k.Now().Add(time.Hour) }})
	k.ok(err)
	admin := factor.NewAdmin(v)
	if s, err := admin.Status(t.Context(), alice); !errors.Is(err, factor.ErrUnsealed) || s.PIN {
		t.Fatal(s, err)
	}
	k.is(second(factor.NewPINs(v).IsSet(t.Context(), alice)), factor.ErrUnsealed)
	k.is(second(factor.NewDeviceTOTPEnroller(v).Devices(t.Context(), alice)), factor.ErrUnsealed)
	k.is(second(v.VerifyOTP(t.Context(), alice, "123456")), factor.ErrUnsealed)
	k.is(admin.SetPIN(t.Context(), alice, rightPIN), factor.ErrUnsealed)
	k.is(admin.Reseal(t.Context(), alice), factor.ErrUnsealed)
	if n, err := admin.Sweep(t.Context()); n != 0 || !errors.Is(err, factor.ErrUnsealed) {
		t.Fatal(n, err)
	}
	k.setPIN() // the one with the key still can
	before, _ := k.Store.Load(t.Context(), alice)
	k.is(admin.Forget(t.Context(), alice), factor.ErrUnsealed)
	if after, _ := k.Store.Load(t.Context(), alice); after.Version != before.Version {
		t.Fatal("Forget erased it")
	}
	k.ok(admin.Discard(t.Context(), alice))
	if s, err := admin.Status(t.Context(), alice); err != nil || s.PIN {
		t.Fatal(s, err)
	}
}

func TestARightPINIsHashedAnewAtTodaysCost(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	dearer := newKitOn(t, k.tap, func(o *factor.Options) { o.PIN.Hash.Time = 3 })
	for _, c := range []struct {
		pin    string
		want   error
		hashes int64
	}{{wrongPIN, factor.ErrMismatch, 1}, {rightPIN, nil, 2}, {rightPIN, nil, 1}, {wrongPIN, factor.ErrMismatch, 1}} {
		dearer.hashes.Store(0)
		k.is(dearer.v.VerifyPIN(t.Context(), alice, c.pin), c.want)
		if n := dearer.hashes.Load(); n != c.hashes {
			t.Fatalf("PIN %s cost %d hashes, want %d", c.pin, n, c.hashes)
		}
	}
}

func TestACodeThatCannotBeDrawnIsNotIssued(t *testing.T) {
	k := newKit(t)
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = iotest.ErrReader(errDown)
	k.is(second(k.codes.IssueUnproven(t.Context(), alice, factor.KindLogin)), errDown)
	if n := k.swaps.Load(); n != 0 {
		t.Fatalf("%d swaps", n)
	}
}

// listing is a store whose List is replaced.
type listing struct {
	factor.Store
	list func(after string) ([]string, error)
}

func (s listing) List(_ context.Context, after string, _ time.Time, _ int) ([]string, error) {
	return s.list(after)
}

func TestUsersEndsAtAStoreThatWalksInCircles(t *testing.T) {
	v, err := factor.NewVerifier(listing{memstore.New(), func(string) ([]string, error) {
		users := make([]string, 500)
		for i := range users {
			users[i] = string(rune('a' + i%26))
		}
		return users, nil
	}}, keyring(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	var last error
	for user, err := range factor.NewAdmin(v).Users(t.Context(), "") {
		if seen++; seen > 100 {
			t.Fatal("it does not end")
		}
		if (err == nil) == (user == "") {
			t.Fatalf("user %q with error %v", user, err)
		}
		last = err
	}
	if last == nil || seen != 27 {
		t.Fatalf("%d users, then %v", seen-1, last)
	}
}

func TestUsersWalksEveryPageAndGoesOnWhereItEnded(t *testing.T) {
	k := newKit(t)
	want := 1234
	for i := range want {
		k.ok(k.v.VerifyPassword(t.Context(), string([]rune{'A' + rune(i/26), 'a' + rune(i%26)}), rightPW))
	}
	n, last := 0, ""
	for user, err := range k.admin.Users(t.Context(), "") {
		k.ok(err)
		if user <= last {
			t.Fatalf("%q after %q", user, last)
		}
		n, last = n+1, user
		if n == 700 {
			break
		}
	}
	for user, err := range k.admin.Users(t.Context(), last) {
		k.ok(err)
		n, last = n+1, user
	}
	if n != want {
		t.Fatalf("%d users, want %d", n, want)
	}
}

func TestErrorTextsSayWhatToWaitFor(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for want, err := range map[string]error{
		"factor: pin is locked until 2026-01-02T02:04:05Z":         &factor.LockedError{Kind: factor.KindPIN, Until: at},
		"factor: pin is locked until it is unlocked":               &factor.LockedError{Kind: factor.KindPIN},
		"factor: reset guard is locked until 2026-01-02T02:04:05Z": &factor.LockedError{Until: at},
		"factor: pin does not match, tries left: 2":                &factor.MismatchError{Kind: factor.KindPIN, Remaining: 2},

		"factor: login code: not before 2026-01-02T02:04:05Z":                &factor.LockedError{Kind: factor.KindLogin, Until: at, TooSoon: true},
		"factor: reset guard: not before 2026-01-02T02:04:05Z":               &factor.LockedError{Until: at, TooSoon: true},
		"factor: account code is not the newest, or was used, tries left: 4": &factor.MismatchError{Kind: factor.KindAccount, Remaining: 4, Stale: true},
		"factor: malformed pin: must be digits":                              &factor.MalformedError{Field: "pin", Reason: "must be digits"},
		"factor: weak PIN: must not be a series":                             &factor.WeakPINError{Reason: "must not be a series"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

// A record in a later release's format is neither damaged nor absent: every method
// says what it is, and leaves it.
func TestARecordOfANewerFormatIsToldAndLeft(t *testing.T) {
	ctx := t.Context()
	pin, otp := factor.Credentials{PIN: rightPIN}, factor.Credentials{OTP: "123456"}
	for name, call := range map[string]func(k *kit) error{
		"Status":         func(k *kit) error { return second(k.admin.Status(ctx, alice)) },
		"Unlock":         func(k *kit) error { return k.admin.Unlock(ctx, alice, factor.KindPIN) },
		"SetPIN":         func(k *kit) error { return k.admin.SetPIN(ctx, alice, rightPIN) },
		"RemovePIN":      func(k *kit) error { return k.admin.RemovePIN(ctx, alice) },
		"Reseal":         func(k *kit) error { return k.admin.Reseal(ctx, alice) },
		"Import":         func(k *kit) error { return k.admin.Import(ctx, alice, row()) },
		"Sweep":          func(k *kit) error { return second(k.admin.Sweep(ctx)) },
		"IsSet":          func(k *kit) error { return second(k.pins.IsSet(ctx, alice)) },
		"Wait":           func(k *kit) error { return second(k.pins.Wait(ctx, alice, time.Minute)) },
		"PINs.Set":       func(k *kit) error { return k.pins.Set(ctx, alice, rightPIN, pin) },
		"VerifyOTP":      func(k *kit) error { return second(k.v.VerifyOTP(ctx, alice, "123456")) },
		"VerifyPIN":      func(k *kit) error { return k.v.VerifyPIN(ctx, alice, rightPIN) },
		"VerifyPassword": func(k *kit) error { return k.v.VerifyPassword(ctx, alice, rightPW) },
		"VerifyAny":      func(k *kit) error { return second(k.v.VerifyAny(ctx, alice, pin)) },
		"Issue":          func(k *kit) error { return second(k.codes.Issue(ctx, alice, pin)) },
		"IssueUnproven":  func(k *kit) error { return second(k.codes.IssueUnproven(ctx, alice, factor.KindLogin)) },
		"Enroll":         func(k *kit) error { return second(k.dev.Enroll(ctx, alice, uuid.New(), factor.Credentials{})) },
		"Devices":        func(k *kit) error { return second(k.dev.Devices(ctx, alice)) },
		"Begin":          func(k *kit) error { return second(k.auth.Begin(ctx, alice, pin)) },
		"Confirm":        func(k *kit) error { return k.auth.Confirm(ctx, alice, "123456") },
		"Prove":          func(k *kit) error { return k.guard.Prove(ctx, alice, otp) },
		"Forfeit":        func(k *kit) error { return k.guard.Forfeit(ctx, alice) },
		"Remove":         func(k *kit) error { return k.auth.Remove(ctx, alice, pin) },
		"Forget":         func(k *kit) error { return k.admin.Forget(ctx, alice) },
		"Discard":        func(k *kit) error { return k.admin.Discard(ctx, alice) },
		"VoidCodes":      func(k *kit) error { return k.admin.VoidCodes(ctx, alice) },
		"Generate":       func(k *kit) error { return second(k.recovery.Generate(ctx, alice, pin)) },
		"RemoveRecovery": func(k *kit) error { return k.recovery.Remove(ctx, alice, pin) },
		"Holdings":       func(k *kit) error { return second(k.v.Holdings(ctx, alice)) },
		"a view":         func(k *kit) error { return second(k.v.For("pay").VerifyOTP(ctx, alice, "123456")) },

		"RemoveRecoveryCodes": func(k *kit) error { return k.admin.RemoveRecoveryCodes(ctx, alice) },

		"PasswordChanged": func(k *kit) error { return k.admin.PasswordChanged(ctx, alice) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.store(k.newer(255))
			err := call(k)
			if !errors.Is(err, factor.ErrNewerFormat) || !errors.Is(err, factor.ErrUnsealed) {
				t.Fatalf("got %v, want ErrNewerFormat, which matches ErrUnsealed", err)
			}
			if k.swaps.Load() != 0 || len(k.wipes) != 0 || len(k.actions()) != 0 {
				t.Fatalf("%d swaps, %d wipes, events %v", k.swaps.Load(), len(k.wipes), k.actions())
			}
		})
	}
}

// Every format after the last known one is newer. Data without a format, and data
// that does not open, are not.
func TestOnlyANewerFormatIsNewer(t *testing.T) {
	k, newest := newKit(t), newestFormat(t)
	for format := range 256 {
		k.store(k.newer(byte(format)))
		_, err := k.admin.Status(t.Context(), alice)
		if want := format > newest; !errors.Is(err, factor.ErrUnsealed) || errors.Is(err, factor.ErrNewerFormat) != want {
			t.Errorf("format %d: %v", format, err)
		}
	}
	for name, data := range map[string][]byte{"no data": {}, "no key of ours": bytes.Repeat([]byte{9}, 200)} {
		k.store(data)
		if _, err := k.admin.Status(t.Context(), alice); !errors.Is(err, factor.ErrUnsealed) || errors.Is(err, factor.ErrNewerFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const want = "factor: record cannot be opened: a newer release of factor wrote it: update this process"
	if got := factor.ErrNewerFormat.Error(); got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	if errors.Is(factor.ErrUnsealed, factor.ErrNewerFormat) {
		t.Error("each record that does not open is of a newer format")
	}
}

// newer returns alice's record as a release with this format would seal it.
func (k *kit) newer(format byte) []byte {
	k.Helper()
	plain := append([]byte{format}, bytes.Repeat([]byte{0xff}, 255)...)
	data, err := keyring(k.T).Encrypt(plain, []byte("factor record of alice"))
	k.ok(err)
	return data
}

// store replaces alice's record, due for the next Sweep.
func (k *kit) store(data []byte) {
	k.Helper()
	ctx := context.Background()
	before, err := k.Store.Load(ctx, alice)
	k.ok(err)
	k.ok(k.Store.CompareAndSwap(ctx, alice, before.Version, factor.Record{Data: data, Version: before.Version + 1, Due: k.Now()}))
}
