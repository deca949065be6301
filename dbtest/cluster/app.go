package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/etcdstore"
	"github.com/knowhave/factor/sqlstore"
)

const (
	// many is the limit of wrong passwords: so high that the remaining tries number
	// the guesses for a long time.
	many = 99
	// few is the limit of wrong codes, and fewPINs that of wrong PINs.
	few     = 5
	fewPINs = 3

	// digits is the length of a code, so that none is drawn again by chance.
	digits = 8
	// With this period and skew a device's codes are right for minutes.
	period = time.Minute
	skew   = 10
)

// tries returns the limit of a kind. A lock outlives every scenario.
func tries(k factor.Kind) int {
	switch k {
	case factor.KindPassword:
		return many
	case factor.KindPIN:
		return fewPINs
	default:
		return few
	}
}

// A place tells where the applications of a scenario find their databases.
type place struct {
	Driver  string   // "mysql", "pgx" or "etcd"
	Sources []string // the data source name of each node, or its endpoint
}

// A database is what a verifier has on a node.
type database struct {
	factor.Store
	close   func() error
	migrate func(context.Context) error
}

func (p place) open(source string) (database, error) {
	switch p.Driver {
	case "mysql":
		return p.openSQL(source, sqlstore.MySQL)
	case "pgx":
		return p.openSQL(source, sqlstore.Postgres)
	default:
		return openEtcd(source)
	}
}

func (p place) openSQL(source string, d *sqlstore.Dialect) (database, error) {
	db, err := sql.Open(p.Driver, source)
	if err != nil {
		return database{}, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	store, err := sqlstore.New(db, d, nil)
	if err != nil {
		return database{}, errors.Join(err, db.Close())
	}
	return database{store, db.Close, store.Migrate}, nil
}

func openEtcd(endpoint string) (database, error) {
	client, err := etcd.Dial(endpoint)
	if err != nil {
		return database{}, err
	}
	store, err := etcdstore.New(context.Background(), client, nil)
	if err != nil {
		return database{}, errors.Join(err, client.Close())
	}
	return database{store, client.Close, func(context.Context) error { return nil }}, nil
}

// An app is an application with a verifier on each node of a cluster, like one
// process each.
type app struct{ nodes []*verifier }

type verifier struct {
	database
	judge    *factor.Verifier
	issuer   *factor.OTPIssuer
	enroller *factor.DeviceTOTPEnroller
	admin    *factor.Admin
}

func openApp(p place) (*app, error) {
	a := &app{}
	for _, source := range p.Sources {
		v, err := openVerifier(p, source)
		if err != nil {
			return nil, errors.Join(err, a.close())
		}
		a.nodes = append(a.nodes, v)
	}
	return a, nil
}

func (a *app) close() error {
	var errs []error
	for _, v := range a.nodes {
		errs = append(errs, v.close())
	}
	return errors.Join(errs...)
}

// connections is the most connections of an app to a node.
const connections = 24

func openVerifier(p place, source string) (*verifier, error) {
	db, err := p.open(source)
	if err != nil {
		return nil, err
	}
	keys, err := factor.NewKeyring([]byte("a key of 32 bytes for this test."))
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	v, err := factor.NewVerifier(watched{db}, keys, &factor.Options{
		CheckPassword: func(context.Context, string, string) (bool, error) { return false, nil },
		RegisteredAt:  func(context.Context, string) (time.Time, error) { return time.Now(), nil },
		Password:      limit(factor.KindPassword),
		PIN:           factor.PINOptions{Limit: limit(factor.KindPIN)},
		OTP:           factor.OTPOptions{Digits: digits, Limit: limit(factor.KindLogin)},
		TOTP:          factor.TOTPOptions{Digits: digits, Period: period, Skew: skew, Limit: limit(factor.KindDeviceTOTP)},
	})
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return &verifier{db, v, factor.NewOTPIssuer(v), factor.NewDeviceTOTPEnroller(v), factor.NewAdmin(v)}, nil
}

func limit(k factor.Kind) factor.Limit {
	return factor.Limit{Tries: tries(k), Delay: 24 * time.Hour, MaxDelay: 24 * time.Hour, Final: 100}
}

// do makes a call on a node.
func (a *app) do(ctx context.Context, node int, r request) answer {
	t := &trace{}
	said, err := a.nodes[node].do(traced(ctx, t), r)
	said.InTime = ctx.Err() == nil
	t.mu.Lock()
	defer t.mu.Unlock()
	said.Effort = t.effort
	switch wrong, isMismatch := errors.AsType[*factor.MismatchError](err); {
	case err == nil:
		said.Class = accepted
	case isMismatch:
		said.Class, said.Remaining = mismatch, wrong.Remaining
	case errors.Is(err, factor.ErrLocked):
		said.Class = locked
	default:
		said.Class, said.Text = failed, err.Error()
		if errors.Is(err, factor.ErrConflict) {
			said.Class = conflict
		} else if t.Unknowns > 0 {
			said.Class = open
		}
	}
	return said
}

func (v *verifier) do(ctx context.Context, r request) (said answer, err error) {
	switch r.Act {
	case actPresent:
		switch r.Kind {
		case factor.KindPassword:
			return said, v.judge.VerifyPassword(ctx, r.User, r.Secret)
		case factor.KindPIN:
			return said, v.judge.VerifyPIN(ctx, r.User, r.Secret)
		default:
			_, err = v.judge.VerifyOTP(ctx, r.User, r.Secret, r.Kind)
			return said, err
		}
	case actIssue:
		otp, err := v.issuer.IssueUnproven(ctx, r.User, r.Kind)
		return answer{Issued: otp.Code}, err
	case actEnroll:
		e, err := v.enroller.Enroll(ctx, r.User, deviceOf(r.User), factor.Credentials{})
		return answer{Enrolled: e.Secret}, err
	case actStatus:
		st, err := v.admin.Status(ctx, r.User)
		said.Wrong = make(map[factor.Kind]int)
		for _, b := range st.Budgets {
			said.Wrong[b.Kind] = b.Wrong
		}
		return said, err
	default:
		return said, fmt.Errorf("no such act: %q", r.Act)
	}
}

// deviceOf returns a user's only device.
func deviceOf(user string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(user)) }
