package pinhash

import (
	"strings"
	"testing"
)

// read imports a hash and returns its comparison.
func read(text string) (matches func(pin string) bool, reason string) {
	h, reason := Import(text)
	if reason != "" {
		return nil, reason
	}
	return func(pin string) bool { return new(Hasher).matches(pin, h) }, ""
}

// formsOfRightPIN are hashes of 8299. Python's hashlib made the PBKDF2 and scrypt
// ones, and its crypt module the bcrypt of SHA-256.
var formsOfRightPIN = map[string]string{
	"PBKDF2 with SHA-1":                "$pbkdf2-sha1$i=7$c2l4dGVlbiBvZiBzYWx0Lg$P458boMw6OWxHkN0iWGoEX2wFmg",
	"PBKDF2 with SHA-1, by short name": "$pbkdf2$i=7$c2l4dGVlbiBvZiBzYWx0Lg$P458boMw6OWxHkN0iWGoEX2wFmg",
	"PBKDF2 with SHA-256":              "$pbkdf2-sha256$i=7$c2l4dGVlbiBvZiBzYWx0Lg$KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf4",
	"PBKDF2 with SHA-512":              "$pbkdf2-sha512$i=7$c2l4dGVlbiBvZiBzYWx0Lg$kHl/m9LIncEyE8KoEt2dKss5+MU9t3jkfJqnuZWAPRfSK/UfupMyavv8RiyQ23Jq3gLkFhWiLBqFF59RD6FsCg",
	"PBKDF2 of two blocks":             "$pbkdf2-sha256$i=7,l=64$c2l4dGVlbiBvZiBzYWx0Lg$KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf7DePAPGh5aywU/WjgtmEdZmONQLIXsZJyAKe+S61qBJg",
	"PBKDF2, length first":             "$pbkdf2-sha256$l=32,i=7$c2l4dGVlbiBvZiBzYWx0Lg$KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf4",
	"Django's PBKDF2":                  "pbkdf2_sha256$7$seasalt$hRlkgLBCWZ3Eb0w5M+NaRs+86IUuVuQgIAaYgfvfws8=",
	"passlib's PBKDF2":                 "$pbkdf2-sha256$7$............$cZVe82vE/jJgVeKMm04eGe8jU0aMrJLhZdnRnEW7.xA",
	"scrypt":                           "$scrypt$ln=4,r=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$go4qOK6EBKi5yp603ihL8SXRm1h0/N1gNpaoL5N97AY",
	"scrypt in another order":          "$scrypt$p=1,ln=4,r=1$c2l4dGVlbiBvZiBzYWx0Lg$go4qOK6EBKi5yp603ihL8SXRm1h0/N1gNpaoL5N97AY",
	"Django's scrypt":                  "scrypt$16$seasalt$2$3$hi4u0MUB/8/7YBEpk+waxpW4sUCKIRNOUcbJ0Cpb4nWv/0Hnh9hnf3j40KJHpp+AwQjt97TK8jUVuZU7up+qCA==",
	"Spring's scrypt":                  "{scrypt}$40801$c2l4dGVlbiBvZiBzYWx0Lg==$bYh73LsNdZTtSbxDCcMB2T4gWpxBMfCub+eFwG419Q8=",
	"Spring's scrypt, by its encoder":  "$40801$c2l4dGVlbiBvZiBzYWx0Lg==$bYh73LsNdZTtSbxDCcMB2T4gWpxBMfCub+eFwG419Q8=",
	"Spring's bcrypt":                  "{bcrypt}$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK",
	"Spring's Argon2":                  "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU",
	"LDAP's bcrypt":                    "{CRYPT}$2y$04$vOOGa5/ebRW1jrGRJG3wEO6yq.6MhWDyUlbs/KjeKoMeA4hoJBxya",
	"Django's bcrypt":                  "bcrypt$$2b$04$xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO",
	"Django's bcrypt of SHA-256":       "bcrypt_sha256$$2b$04$xNBPSLLfwJMmeM4ffQU4euNs/B9jgOevAgHFGIUNuCsYK3bKhrKTy",
	"Django's Argon2":                  "argon2$argon2i$v=19$m=32,t=3,p=2$c2l4dGVlbiBvZiBzYWx0Lg$A8dELCmcXuknskpZ+NxcdQ",
	"Argon2 in another order":          "$argon2i$v=19$m=32,p=2,t=3$c2l4dGVlbiBvZiBzYWx0Lg$A8dELCmcXuknskpZ+NxcdQ",
	"Argon2 in a third order":          "$argon2i$v=19$t=3,m=32,p=2$c2l4dGVlbiBvZiBzYWx0Lg$A8dELCmcXuknskpZ+NxcdQ",
	"a column of fixed width":          "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK    ",
	"a line":                           "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK\r\n",
}

func TestImportReadsTheFormsOfKnownSystems(t *testing.T) {
	for form, hash := range formsOfRightPIN {
		matches, reason := read(hash)
		if reason != "" {
			t.Errorf("%s: %s", form, reason)
			continue
		}
		if !matches("8299") || matches("8298") || matches("") {
			t.Errorf("%s: right %v, wrong %v, none %v", form, matches("8299"), matches("8298"), matches(""))
		}
	}
}

// The vectors are those that the systems test or document themselves with:
// Django's tests/auth_tests/test_hashers.py, passlib's test_handlers_*.py, the
// scrypt paper, Ory Kratos, and the Spring Security reference.
func TestImportedHashesMatchTheVectorsOfTheirSystems(t *testing.T) {
	const letmein = "lètmein"
	for _, v := range []struct{ hash, right string }{
		{"pbkdf2_sha256$30000$seasalt$VrX+V8drCGo68wlvy6rfu8i1d1pfkdeXA4LJkRGJodY=", letmein},
		{"pbkdf2_sha1$30000$seasalt2$pMzU1zNPcydf6wjnJFbiVKwgULc=", letmein},
		{"scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==", letmein},
		{"argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q", "secret"},
		{"argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw", "secret"},
		{"bcrypt_sha256$$2a$06$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu", ""},
		{"bcrypt_sha256$$2a$08$NDjSAIcas.EcoxCRiArvT.MkNiPYVhrsrnJsRkLueZOoV1bsQqlmC", "l\u00e8tmein"},
		{"$pbkdf2-sha256$i=1000,l=128$e8/arsEf4cvQihdNgqj0Nw$5xQQKNTyeTHx2Ld5/JDE7A", "123456"},
		{"$pbkdf2-sha512$i=100000,l=32$bdHBpn7OWOivJMVJypy2UqR0UnaD5prQXRZevj/05YU$+wArTfv1a+bNGO1iZrmEdVjhA+lL11wF4/IxpgYfPwc", "test"},
		{"$scrypt$ln=16384,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=", "test"},
		{"$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI", "password"},
		{"$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ", "password"},
		{"$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww", "password"},
		{"$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI", "password"},
		{"$scrypt$ln=8,r=8,p=1$wlhLyXmP8b53bm1NKYVQqg$mTpvG8lzuuDk+DWz8HZIB6Vum6erDuUm0As5yU+VxWA", "test"},
		{"$scrypt$ln=8,r=2,p=1$dO6d0xoDoLT2PofQGoNQag$g/Wf2A0vhHhaJM+addK61QPBthSmYB6uVTtQzh8CM3o", "password"},
		{"$scrypt$ln=1,r=4,p=2$yhnD+J+Tci4lZCwFgHCuVQ$fAsEWmxSHuC0cHKMwKVFPzrQukgvK09Sj+NueTSxKds", "nacl"},
		{"{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=", "password"},
		// docs/adopting.md recommends these forms for Keycloak, better-auth and
		// Spring's {pbkdf2}.
		{"$argon2id$v=19$m=7168,t=5,p=1$LRScGShC7shkdoU5B1UgUQ$xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80", "secret"},
		{"$scrypt$ln=14,r=16,p=1$MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY$w3LiXPo9LIj3t7EeXp6gZw2Bk+ZDnnOnqd+vYuN0usimDco66r9Z+X9FydvQJJ1o46QnHcw+t0yEORI3WztnvA", "8299"},
		{"$pbkdf2-sha1$i=185000$XZI7RKbRKfM$3fPjyNKUEnI9y95yRF6O9r87UI+/F/pO1Na5nKdj2Nw", "password"},
	} {
		matches, reason := read(v.hash)
		if reason != "" {
			t.Errorf("%s: %s", v.hash, reason)
			continue
		}
		if !matches(v.right) || matches(v.right+"z") {
			t.Errorf("%s: right %v, wrong %v", v.hash, matches(v.right), matches(v.right+"z"))
		}
	}
}

// The cost of an imported hash is bounded, whatever its form.
func TestImportedHashesAreBoundedInEveryForm(t *testing.T) {
	const salt, sum = "c2l4dGVlbiBvZiBzYWx0Lg", "gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU"
	tail := "$" + salt + "$" + sum
	sum64 := strings.Repeat("A", 86)
	for hash, taken := range map[string]bool{
		"$argon2id$v=19$m=131072,t=10,p=16" + tail: true,
		"$argon2id$v=19$m=131073,t=1,p=1" + tail:   false,
		"$argon2id$v=19$m=8,t=11,p=1" + tail:       false,

		"$pbkdf2-sha256$i=1" + tail:                                    true,
		"$pbkdf2-sha256$i=0" + tail:                                    false,
		"$pbkdf2-sha256$i=3000000" + tail:                              true,
		"$pbkdf2-sha256$i=3000001" + tail:                              false,
		"$pbkdf2-sha256$i=1500000$" + salt + "$" + sum64:               true, // two blocks
		"$pbkdf2-sha256$i=1500001$" + salt + "$" + sum64:               false,
		"$pbkdf2-sha512$i=3000000$" + salt + "$" + sum64:               true,
		"$pbkdf2-sha1$i=750000$" + salt + "$" + sum64:                  true, // four
		"$pbkdf2-sha1$i=750001$" + salt + "$" + sum64:                  false,
		"pbkdf2_sha256$3000001$seasalt$" + sum + "=":                   false,
		"$pbkdf2-sha256$3000001" + tail:                                false,
		"$pbkdf2-sha256$i=1$" + salt + "$" + sum64[:20]:                false, // 15 bytes
		"$pbkdf2-sha256$i=1$" + salt + "$" + sum64 + "A":               false, // 65 bytes
		"$pbkdf2-sha256$i=1$" + sum64 + "$" + sum:                      true,
		"$pbkdf2-sha256$i=1$" + sum64 + "A$" + sum:                     false,
		"$pbkdf2-sha256$i=1$$" + sum:                                   false,
		"$pbkdf2-sha256$i=1$cw$" + sum:                                 true, // a byte of salt
		"$pbkdf2-sha256$l=32" + tail:                                   false,
		"$pbkdf2-sha256$i=1,i=1" + tail:                                false,
		"$pbkdf2-sha256$i=1,c=1" + tail:                                false,
		"$pbkdf2-md5$i=1" + tail:                                       false,
		"$pbkdf2-sha256$v=1$i=1" + tail:                                false,
		"$pbkdf2-sha256$i=1$" + salt + "$" + sum + "$":                 false,
		"pbkdf2_sha256$1$$" + sum + "=":                                false,
		"pbkdf2_sha256$1$" + strings.Repeat("s", 64) + "$" + sum + "=": true,
		"pbkdf2_sha256$1$" + strings.Repeat("s", 65) + "$" + sum + "=": false,

		"$scrypt$ln=17,r=8,p=1" + tail:             true, // 128 MiB
		"$scrypt$ln=17,r=8,p=2" + tail:             true,
		"$scrypt$ln=17,r=8,p=3" + tail:             false,
		"$scrypt$ln=18,r=8,p=1" + tail:             false,
		"$scrypt$ln=17,r=9,p=1" + tail:             false,
		"$scrypt$ln=20,r=1,p=1" + tail:             true,
		"$scrypt$ln=21,r=1,p=1" + tail:             false,
		"$scrypt$ln=15,r=32,p=2" + tail:            true,
		"$scrypt$ln=4,r=33,p=1" + tail:             false,
		"$scrypt$ln=4,r=1,p=16" + tail:             true,
		"$scrypt$ln=4,r=1,p=17" + tail:             false,
		"$scrypt$ln=1,r=1,p=1" + tail:              true,
		"$scrypt$ln=0,r=1,p=1" + tail:              false,
		"$scrypt$ln=4,r=0,p=1" + tail:              false,
		"$scrypt$ln=4,r=1,p=0" + tail:              false,
		"$scrypt$ln=64,r=1,p=1" + tail:             false,
		"$scrypt$ln=16384,r=8,p=1" + tail:          true, // N, as Kratos writes it
		"$scrypt$ln=262144,r=8,p=1" + tail:         false,
		"$scrypt$ln=15000,r=8,p=1" + tail:          false,
		"$scrypt$ln=128,r=33,p=1" + tail:           false,
		"$scrypt$ln=4,r=999999999,p=1" + tail:      false,
		"scrypt$262144$seasalt$8$1$" + sum + "=":   false,
		"scrypt$15$seasalt$8$1$" + sum + "=":       false, // no power of 2
		"scrypt$1$seasalt$8$1$" + sum + "=":        false,
		"$120801" + "$" + salt + "==$" + sum + "=": false, // 2^18
		"$ff0801" + "$" + salt + "==$" + sum + "=": false,

		"bcrypt_sha256$$2b$15$xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO": false,
		"{bcrypt}$2b$31$xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO":       false,
	} {
		if _, reason := read(hash); (reason == "") != taken {
			t.Errorf("%s: %q, want taken: %v", hash, reason, taken)
		}
	}
}
