package factor

import "testing"

// Base64 whose last character has bits that belong to no byte is one of several
// texts of the same bytes, and is refused in the salt as well as in the hash.
func TestForeignHashHasOneTextOnly(t *testing.T) {
	const salt, sum = "c2l4dGVlbiBvZiBzYWx0Lg", "gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU"
	for name, c := range map[string]struct {
		salt, sum string
		valid     bool
	}{
		"as it is":             {salt, sum, true},
		"bits behind the salt": {salt[:len(salt)-1] + "h", sum, false},
		"bits behind the hash": {salt, sum[:len(sum)-1] + "V", false},
		"bits behind both":     {salt[:len(salt)-1] + "h", sum[:len(sum)-1] + "V", false},
	} {
		_, reason := foreignHash("$argon2id$v=19$m=8,t=1,p=1$" + c.salt + "$" + c.sum)
		if (reason == "") != c.valid {
			t.Errorf("%s: %q", name, reason)
		}
	}
}
