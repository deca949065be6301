package torture

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

const (
	workers        = 4
	deviceIDs      = 4
	devicesAllowed = 3
)

// Each worker has its own user, whose state is known almost entirely, and all share
// two more users, one of them new in each life. Young users may enrol devices
// without a proof.
const sharedUser = "young shared"

func ownUser(worker int) string {
	if worker%2 == 0 {
		return fmt.Sprintf("young %d", worker)
	}
	return fmt.Sprintf("old %d", worker)
}

func newUser(life int) string { return fmt.Sprintf("young and new %d", life) }

func isYoung(user string) bool { return strings.HasPrefix(user, "young") }

func deviceID(user string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", user, n))
}

// A drawer draws one call from the call's own generator, so that a seed repeats it
// whatever happened before. A draw that needs a code or a device depends on whether
// the user has one.
type drawer struct {
	*rand.Rand
	*holdings
	user string
}

// drawCall draws a worker's call of this number.
func drawCall(seed uint64, life, worker, number int, w *wallet) intent {
	r := rand.New(rand.NewPCG(seed, uint64(life)<<32|uint64(worker)<<24|uint64(number)))
	user := ownUser(worker)
	switch n := r.IntN(100); {
	case n < 30:
		user = sharedUser
	case n < 50:
		user = newUser(life)
	}
	h, giveBack := w.open(user)
	defer giveBack()
	d := &drawer{r, h, user}
	it := d.call()
	it.User = user
	if it.Op == opSweep {
		return intent{Op: opSweep}
	}
	it.WipeFails = d.percent(25)
	return it
}

func (d *drawer) percent(n int) bool { return d.IntN(100) < n }

// calls holds the draws and their weights.
var calls = []struct {
	weight int
	draw   func(*drawer) intent
}{
	{300, func(d *drawer) intent { return d.verifyOTP() }},
	{90, func(d *drawer) intent { return intent{Op: opVerifyPassword, Proof: d.password(30)} }},
	{10, func(d *drawer) intent { return intent{Op: opVerifyPIN, Proof: d.pin(50)} }},
	{50, func(d *drawer) intent { return intent{Op: opVerifyAny, Proof: d.either(d.otpThenPassword, d.used)} }},
	{80, func(d *drawer) intent { return intent{Op: opIssue, Proof: d.password(70)} }},
	{5, func(d *drawer) intent { return intent{Op: opIssue, Proof: d.pin(60)} }},
	{100, func(d *drawer) intent { return intent{Op: opIssueUnproven, Kinds: []factor.Kind{d.issuedKind()}} }},
	{100, func(d *drawer) intent { return intent{Op: opEnroll, Device: d.device(), Proof: d.proofOrNone()} }},
	{25, func(d *drawer) intent { return intent{Op: opRevoke, Device: d.device(), Proof: d.proof()} }},
	{5, func(d *drawer) intent { return intent{Op: opAdminRevoke, Device: d.device()} }},
	{8, func(d *drawer) intent { return intent{Op: opSetPIN, NewPIN: d.newPIN(), Proof: d.proof()} }},
	{4, func(d *drawer) intent { return intent{Op: opAdminSetPIN, NewPIN: d.newPIN()} }},
	{6, func(d *drawer) intent { return intent{Op: opRemovePIN, Proof: d.proof()} }},
	{140, func(d *drawer) intent { return intent{Op: opProve, Proof: d.resetProof()} }},
	{20, func(*drawer) intent { return intent{Op: opForfeit} }},
	{40, func(*drawer) intent { return intent{Op: opSweep} }},
	{20, func(d *drawer) intent { return intent{Op: opUnlock, Kinds: []factor.Kind{d.anyKind()}} }},
	{8, func(*drawer) intent { return intent{Op: opForget} }},
	{8, func(*drawer) intent { return intent{Op: opReseal} }},
}

func (d *drawer) call() intent {
	total := 0
	for _, c := range calls {
		total += c.weight
	}
	n := d.IntN(total)
	for _, c := range calls {
		if n -= c.weight; n < 0 {
			return c.draw(d)
		}
	}
	panic("unreachable")
}

// verifyOTP draws a wrong code of any kinds, or one from the wallet, mostly of its
// own kinds.
func (d *drawer) verifyOTP() intent {
	set := kindSets[d.IntN(len(kindSets))]
	mode, fits := d.IntN(100), d.percent(80)
	kind, p := d.issuedKind(), proof{OTP: wrongOTP}
	switch {
	case mode < 40:
	case mode < 65:
		p = d.issued(kind)
		if fits {
			set = []factor.Kind{kind}
		}
	case mode < 85:
		p = d.fresh()
		if fits {
			set = nil
		}
	default:
		p = d.used()
	}
	return intent{Op: opVerifyOTP, Kinds: set, Proof: p}
}

// kindSets are each kind of code alone, all that are issued, and the default.
var kindSets = func() (sets [][]factor.Kind) {
	for _, k := range append(issuedKinds[:len(issuedKinds):len(issuedKinds)], factor.KindDeviceTOTP) {
		sets = append(sets, []factor.Kind{k})
	}
	return append(sets, issuedKinds, nil)
}()

func (d *drawer) issuedKind() factor.Kind {
	return issuedKinds[d.IntN(len(issuedKinds))]
}

func (d *drawer) anyKind() factor.Kind { return countedKinds[d.IntN(len(countedKinds))] }

func (d *drawer) device() uuid.UUID { return deviceID(d.user, d.IntN(deviceIDs)) }

func (d *drawer) newPIN() string {
	return []string{"2580", "1739", "4826", "9051", "6273"}[d.IntN(5)]
}

// password draws a password that is right in right of a hundred cases.
func (d *drawer) password(right int) proof {
	if d.percent(right) {
		return proof{Password: rightPassword}
	}
	return proof{Password: wrongPassword}
}

// pin draws the user's PIN in right of a hundred cases, if there is one.
func (d *drawer) pin(right int) proof {
	if d.percent(right) && d.PIN != "" {
		return proof{PIN: d.PIN}
	}
	return proof{PIN: wrongPIN}
}

// fresh draws a code of a device, or a wrong one if there is none.
func (d *drawer) fresh() proof {
	n := d.IntN(deviceIDs)
	if ids := d.deviceIDs(); len(ids) > 0 {
		if p, ok := d.freshCode(ids[n%len(ids)], time.Now()); ok {
			return p
		}
	}
	return proof{OTP: wrongOTP}
}

// issued draws the newest code of a kind, or a wrong one if there is none.
func (d *drawer) issued(k factor.Kind) proof {
	if code, ok := d.Codes[k]; ok {
		return proof{OTP: code, Kind: k}
	}
	return proof{OTP: wrongOTP}
}

// used draws a code that was accepted before, or a wrong one if there is none.
func (d *drawer) used() proof {
	n := d.IntN(usedKept)
	if len(d.Used) == 0 {
		return proof{OTP: wrongOTP}
	}
	return d.Used[n%len(d.Used)]
}

// otpThenPassword draws a wrong code with a password behind it.
func (d *drawer) otpThenPassword() proof {
	p := d.password(60)
	p.OTP = wrongOTP
	return p
}

func (d *drawer) either(one, other func() proof) proof {
	if d.percent(50) {
		return one()
	}
	return other()
}

// proof draws the proof of an act.
func (d *drawer) proof() proof {
	switch n := d.IntN(100); {
	case n < 50:
		return d.password(85)
	case n < 65:
		return d.issued(factor.KindAccount)
	case n < 80:
		return d.fresh()
	case n < 82:
		return d.pin(80)
	case n < 94:
		return d.otpThenPassword()
	default:
		return d.used()
	}
}

func (d *drawer) proofOrNone() proof {
	if d.percent(50) {
		return proof{}
	}
	return d.proof()
}

// resetProof draws the proof of a reset.
func (d *drawer) resetProof() proof {
	switch n := d.IntN(100); {
	case n < 52:
		return proof{OTP: wrongOTP}
	case n < 80:
		return d.fresh()
	case n < 92:
		return d.used()
	case n < 96:
		return d.pin(80)
	default:
		p := d.pin(80)
		p.OTP = wrongOTP
		return p
	}
}
