package translate

import (
	"context"
	"errors"
	"reflect"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
)

// What the specification says and the library may not do yet. Each of these goes
// with the change in the library that makes it needless.

// manyKinds is Admin.Unlock with any number of kinds.
type manyKinds interface {
	Unlock(ctx context.Context, user string, kinds ...factor.Kind) error
}

// UnlocksMany says that Admin.Unlock takes any number of kinds.
var UnlocksMany = func() bool { _, ok := any(&factor.Admin{}).(manyKinds); return ok }()

func unlock(ctx context.Context, admin *factor.Admin, user string, kinds []factor.Kind) error {
	switch admin := any(admin).(type) {
	case manyKinds:
		return admin.Unlock(ctx, user, kinds...)
	case interface {
		Unlock(ctx context.Context, user string, kind factor.Kind) error
	}:
		return admin.Unlock(ctx, user, kinds[0])
	}
	panic("translate: Admin.Unlock takes neither one kind nor many")
}

// Told are the events of a call, without those of unlocking a user without a
// record.
func Told(op spec.Op, before spec.State, events []factor.Event) []factor.Event {
	if op == spec.Unlock && !before.Stored && !UnlocksMany {
		return nil
	}
	return events
}

// onlyPending takes the error of a wipe that is not done, which also matches
// ErrWiped, for the one that it is to be.
func onlyPending(err error) bool {
	return errors.Is(err, factor.ErrWiped) && errors.Is(err, factor.ErrWipePending)
}

var waitingField, showsWaiting = reflect.TypeFor[factor.Status]().FieldByName("AuthenticatorPending")

// Shown is a view without what Status does not show.
func Shown(v spec.View) spec.View {
	v.Waiting = v.Waiting && showsWaiting
	return v
}

func showsOneWaiting(s factor.Status) bool {
	return showsWaiting && reflect.ValueOf(s).FieldByIndex(waitingField.Index).Bool()
}
