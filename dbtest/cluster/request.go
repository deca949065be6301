package cluster

import (
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
)

// guess is a wrong answer.
func guess(user string, k factor.Kind) request {
	r := request{Act: actPresent, User: user, Kind: k}
	switch k {
	case factor.KindPassword:
		r.Secret = "wrong"
	case factor.KindPIN:
		r.Secret = "00000"
	default:
		r.Secret = "00000000" // the user has none that is right
	}
	return r
}

// issue issues a code.
func issue(user string) request {
	return request{Act: actIssue, User: user, Kind: factor.KindLogin}
}

// redemption presents an issued code.
func redemption(user, code string) request {
	return request{Act: actPresent, User: user, Kind: factor.KindLogin, Secret: code, Right: true}
}

// enrolment enrols a device.
func enrolment(user string) request {
	return request{Act: actEnroll, User: user, Kind: factor.KindDeviceTOTP}
}

// steps is the number of a device's codes to present, one after the other.
const steps = 4

// codesOf returns requests with a device's codes in order of their time steps. It
// leaves out a code that is right for another step in sight.
func codesOf(user, secret string, now time.Time) []request {
	right := make(map[string]int)
	device := rfc6238.Secret{Base32: secret, Digits: digits, Period: period}
	middle := device.Step(now)
	var codes []request
	for step := middle - 2*skew; step <= middle+2*skew; step++ {
		code := device.Code(step)
		right[code]++
		if step >= middle && step < middle+steps {
			codes = append(codes, request{Act: actPresent, User: user, Kind: factor.KindDeviceTOTP, Secret: code, Step: step, Right: true})
		}
	}
	unique := codes[:0]
	for _, c := range codes {
		if right[c.Secret] == 1 {
			unique = append(unique, c)
		}
	}
	return unique
}
