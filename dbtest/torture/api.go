package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/knowhave/factor"
)

// op is an operation of the public API.
type op string

const (
	opVerifyOTP      op = "verify-otp"
	opVerifyPassword op = "verify-password"
	opVerifyPIN      op = "verify-pin"
	opVerifyAny      op = "verify-any"
	opIssue          op = "issue"
	opIssueUnproven  op = "issue-unproven"
	opEnroll         op = "enroll"
	opRevoke         op = "revoke"
	opAdminRevoke    op = "admin-revoke"
	opSetPIN         op = "set-pin"
	opAdminSetPIN    op = "admin-set-pin"
	opRemovePIN      op = "remove-pin"
	opProve          op = "prove"
	opForfeit        op = "forfeit"
	opSweep          op = "sweep"
	opUnlock         op = "unlock"
	opForget         op = "forget"
	opReseal         op = "reseal"
)

// The child and the audit agree on these. Codes have 8 digits, so that one of 7 is
// well-formed and certainly wrong; PINs have 4, so that one of 5 is. The locks are
// short because lives are, and so is the time step, so that a device has several
// codes in a life that are still in the window in the next one.
const (
	rightPassword = "right"
	wrongPassword = "wrong"
	wrongOTP      = "0000000"
	wrongPIN      = "00000"

	digits  = 8
	period  = time.Second
	skew    = 10
	tries   = 20
	final   = 40
	strikes = 3
)

// ttls are the lifetimes of issued codes: some end within a life, others outlive
// several.
var ttls = map[factor.Kind]time.Duration{
	factor.KindAccount: 2 * time.Second,
	factor.KindLogin:   10 * time.Minute,
}

// newOptions returns the options, without the host's functions.
func newOptions() *factor.Options {
	limit := factor.Limit{Tries: tries, Delay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Final: final}
	return &factor.Options{
		Password: limit,
		// The least memory that OWASP allows, so that several hashes at once do not
		// make a small machine swap.
		PIN:    factor.PINOptions{Limit: limit, Hash: factor.HashOptions{MemoryKiB: 7168, Time: 5, Parallel: 2}},
		OTP:    factor.OTPOptions{Digits: digits, AccountTTL: ttls[factor.KindAccount], LoginTTL: ttls[factor.KindLogin], Limit: limit},
		TOTP:   factor.TOTPOptions{Digits: digits, Period: period, Skew: skew, Limit: limit},
		Device: factor.DeviceOptions{Max: devicesAllowed},
		Reset:  factor.ResetOptions{Strikes: strikes},
	}
}

// sealingKey is the same for all: what is tortured is the store's memory.
var sealingKey = []byte("a key of 32 bytes for this test.")

// api is the public API on one store.
type api struct {
	verifier *factor.Verifier
	pins     *factor.PINs
	issuer   *factor.OTPIssuer
	enroller *factor.DeviceTOTPEnroller
	guard    *factor.ResetGuard
	admin    *factor.Admin
}

// functions are the host's, and the lead of its clock. Without notify there is no
// Notify.
type functions struct {
	wipe   func(context.Context, factor.Wipe) error
	notify func(context.Context, factor.Notice) error
	ahead  time.Duration
}

// newAPI returns the API on a store.
func newAPI(store factor.Store, host functions) (*api, error) {
	sealer, err := factor.NewKeyring(sealingKey)
	if err != nil {
		return nil, err
	}
	o := newOptions()
	o.CheckPassword = func(_ context.Context, _, password string) (bool, error) { return password == rightPassword, nil }
	o.RegisteredAt, o.Wipe, o.Notify = registeredAt, host.wipe, host.notify
	o.Now = func() time.Time { return time.Now().Add(host.ahead) }
	v, err := factor.NewVerifier(store, sealer, o)
	if err != nil {
		return nil, err
	}
	guard, err := factor.NewResetGuard(v)
	if err != nil {
		return nil, err
	}
	return &api{v, factor.NewPINs(v), factor.NewOTPIssuer(v), factor.NewDeviceTOTPEnroller(v), guard, factor.NewAdmin(v)}, nil
}

// registeredAt lets some users enrol a device without a proof, always.
func registeredAt(_ context.Context, user string) (time.Time, error) {
	if !isYoung(user) {
		return time.Time{}, nil
	}
	return time.Now(), nil
}

// failingWipe marks a context whose call's wipe must fail.
type failingWipe struct{}

// errWipeFails is that wipe's error.
var errWipeFails = errors.New("the host cannot wipe now")

// do makes a call.
func (a *api) do(ctx context.Context, it intent) answer {
	if it.WipeFails {
		ctx = context.WithValue(ctx, failingWipe{}, true)
	}
	method, ok := methods[it.Op]
	if !ok {
		return answer{Class: classFault, Text: "unknown operation " + string(it.Op)}
	}
	return method(ctx, a, it, it.Proof.credentials())
}

// methods are the methods of the public API, one for each operation.
var methods = map[op]func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer{
	opVerifyOTP: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return matched(a.verifier.VerifyOTP(ctx, it.User, proof.OTP, it.Kinds...))
	},
	opVerifyPassword: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.verifier.VerifyPassword(ctx, it.User, proof.Password))
	},
	opVerifyPIN: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.verifier.VerifyPIN(ctx, it.User, proof.PIN))
	},
	opVerifyAny: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return matched(a.verifier.VerifyAny(ctx, it.User, proof))
	},
	opIssue: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return issued(a.issuer.Issue(ctx, it.User, proof))
	},
	opIssueUnproven: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return issued(a.issuer.IssueUnproven(ctx, it.User, it.Kinds[0]))
	},
	opEnroll: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		e, err := a.enroller.Enroll(ctx, it.User, it.Device, proof)
		said := answerOf(err)
		said.Secret = e.Secret
		return said
	},
	opRevoke: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.enroller.Revoke(ctx, it.User, it.Device, proof))
	},
	opAdminRevoke: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.admin.RevokeDevice(ctx, it.User, it.Device))
	},
	opSetPIN: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.pins.Set(ctx, it.User, it.NewPIN, proof))
	},
	opAdminSetPIN: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.admin.SetPIN(ctx, it.User, it.NewPIN))
	},
	opRemovePIN: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.pins.Remove(ctx, it.User, proof))
	},
	opProve: func(ctx context.Context, a *api, it intent, proof factor.Credentials) answer {
		return answerOf(a.guard.Prove(ctx, it.User, proof))
	},
	opForfeit: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.guard.Forfeit(ctx, it.User))
	},
	opSweep: func(ctx context.Context, a *api, _ intent, _ factor.Credentials) answer {
		_, err := a.admin.Sweep(ctx)
		return answerOf(err)
	},
	opUnlock: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.admin.Unlock(ctx, it.User, it.Kinds[0]))
	},
	opForget: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.admin.Forget(ctx, it.User))
	},
	opReseal: func(ctx context.Context, a *api, it intent, _ factor.Credentials) answer {
		return answerOf(a.admin.Reseal(ctx, it.User))
	},
}

func matched(m factor.Match, err error) answer {
	said := answerOf(err)
	if err == nil {
		said.Kind, said.Owner = m.Kind, m.Device
	}
	return said
}

func issued(otp factor.OTP, err error) answer {
	said := answerOf(err)
	if err == nil {
		said.Code, said.Kind, said.Ends = otp.Code, otp.Kind, otp.ExpiresAt.UnixMilli()
	}
	return said
}

// classes maps plain errors to classes; the first match counts.
var classes = []struct {
	err   error
	class class
}{
	{factor.ErrLocked, classLocked},
	{factor.ErrNotEnrolled, classNotEnrolled},
	{factor.ErrUnknownDevice, classUnknownDevice},
	{factor.ErrDeviceLimit, classDeviceLimit},
	{factor.ErrNoCredential, classNoCredential},
}

// answerOf classifies an answer. A store that gave no answer in time makes a
// conflict, whose outcome is open to the audit.
func answerOf(err error) answer {
	var mismatch *factor.MismatchError
	switch {
	case err == nil:
		return answer{Class: classOK}
	case errors.Is(err, factor.ErrWipePending):
		return pending(err)
	case errors.Is(err, factor.ErrWiped):
		return answer{Class: classWiped}
	case errors.As(err, &mismatch):
		return answer{Class: classMismatch, Kind: mismatch.Kind}
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return answer{Class: c.class}
		}
	}
	if isBusy(err) {
		return answer{Class: classConflict, Text: err.Error(), down: errors.Is(err, errStore)}
	}
	return answer{Class: classFault, Text: err.Error()}
}

// pending classifies a pending wipe. It is a fault if nothing keeps the host from
// wiping, or the error says that the data is gone as well.
func pending(err error) answer {
	tooMany := strings.Contains(fmt.Sprint(err), "it runs 4 times already") // calls of Wipe for the user
	host := errors.Is(err, errWipeFails) || isBusy(err) || tooMany
	if !host || errors.Is(err, factor.ErrWiped) {
		return answer{Class: classFault, Text: err.Error()}
	}
	return answer{Class: classPending, down: errors.Is(err, errStore)}
}

// isBusy reports whether the store gave no answer in time.
func isBusy(err error) bool {
	return errors.Is(err, errStore) || errors.Is(err, factor.ErrConflict) || errors.Is(err, context.DeadlineExceeded)
}
