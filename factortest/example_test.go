package factortest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
)

// t stands for the *testing.T of your test.
var t exampleT

type exampleT struct{}

func (exampleT) Helper()                      {}
func (exampleT) Fatalf(text string, a ...any) { log.Fatalf(text, a...) }

// A lock is over once the clock is turned.
func Example() {
	ctx := context.Background()
	e := factortest.New(t, nil)
	if err := e.Admin.SetPIN(ctx, "alice", "8299"); err != nil {
		t.Fatalf("%v", err)
	}

	for range 3 {
		fmt.Println(e.Verifier.VerifyPIN(ctx, "alice", "1357"))
	}
	fmt.Println(e.Verifier.VerifyPIN(ctx, "alice", "8299"))
	e.Clock.Turn(time.Minute)
	fmt.Println(e.Verifier.VerifyPIN(ctx, "alice", "8299"))
	// Output:
	// factor: pin does not match, tries left: 2
	// factor: pin does not match, tries left: 1
	// factor: pin does not match, tries left: 0
	// factor: pin is locked until 2026-03-02T12:01:00Z
	// <nil>
}

// A device shows a code, which is accepted once.
func ExampleApp() {
	ctx := context.Background()
	e := factortest.New(t, nil)
	phone := e.Device("alice", uuid.New())

	for _, code := range []string{phone.WrongCode(), phone.Code(), phone.Code()} {
		_, err := e.Verifier.VerifyOTP(ctx, "alice", code, factor.KindDeviceTOTP)
		fmt.Println(err)
	}
	e.Clock.Turn(phone.Enrollment.Period)
	_, err := e.Verifier.VerifyOTP(ctx, "alice", phone.Code(), factor.KindDeviceTOTP)
	fmt.Println(err)
	// Output:
	// factor: device-totp code does not match, tries left: 4
	// <nil>
	// factor: device-totp code is not the newest, or was used, tries left: 5
	// <nil>
}

// The store goes down, and loses the connection while it answers.
func ExampleStore() {
	ctx := context.Background()
	e := factortest.New(t, nil)
	phone := e.Device("alice", uuid.New())

	e.Store.Down(errors.New("no route to the database"))
	_, err := e.Verifier.VerifyOTP(ctx, "alice", phone.Code(), factor.KindDeviceTOTP)
	fmt.Println("not accepted:", err)
	e.Store.Up()

	e.Store.Fail(factortest.CompareAndSwap, factortest.Failure{Applied: true})
	match, err := e.Verifier.VerifyOTP(ctx, "alice", phone.Code(), factor.KindDeviceTOTP)
	fmt.Println("accepted, because it was stored:", match.Kind, err)

	e.Store.Fail(factortest.CompareAndSwap, factortest.Failure{Err: factor.ErrConflict})
	_, err = e.Verifier.VerifyOTP(ctx, "alice", phone.WrongCode(), factor.KindDeviceTOTP)
	fmt.Println("judged again:", err)
	// Output:
	// not accepted: no route to the database
	// accepted, because it was stored: device-totp <nil>
	// judged again: factor: device-totp code does not match, tries left: 4
}
