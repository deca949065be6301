package account

import "testing"

// The dummy set is never right, even if it held the very code.
func TestTheDummyIsNeverRight(t *testing.T) {
	const code = "0123456jkmnpvwxy"
	defer func(was Recovery) { noRecovery = was }(noRecovery)
	noRecovery.Hashes[3] = noRecovery.hash(code)
	var none *Recovery
	if got := none.match(code); got != (match{}) {
		t.Errorf("%+v", got)
	}
	if got := noRecovery.match(code); got != (match{verdict: Right, index: 3}) {
		t.Errorf("a set that holds it: %+v", got)
	}
}
