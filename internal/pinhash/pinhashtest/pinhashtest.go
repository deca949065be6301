// Package pinhashtest has hashes of other systems for tests.
package pinhashtest

import (
	"encoding/base64"

	"golang.org/x/crypto/argon2"
)

// PIN is what Imported are hashes of.
const PIN = "8299"

// Imported are hashes of PIN, in each of the stored forms.
var Imported = []string{
	"$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK",
	"$2b$04$xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO",
	"$2y$04$vOOGa5/ebRW1jrGRJG3wEO6yq.6MhWDyUlbs/KjeKoMeA4hoJBxya",
	"$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU",
	"$argon2i$v=19$m=32,t=3,p=2$c2l4dGVlbiBvZiBzYWx0Lg$A8dELCmcXuknskpZ+NxcdQ",
	"$scrypt$ln=4,r=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$go4qOK6EBKi5yp603ihL8SXRm1h0/N1gNpaoL5N97AY",
	"$pbkdf2-sha256$i=7$c2l4dGVlbiBvZiBzYWx0Lg$KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf4",
	"bcrypt_sha256$$2b$04$xNBPSLLfwJMmeM4ffQU4euNs/B9jgOevAgHFGIUNuCsYK3bKhrKTy",
}

// Cheap hashes a PIN as another system does, as cheaply as an import may be.
func Cheap(pin string) string {
	const salt = "elsewhere"
	b64 := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=8,t=1,p=1$" + b64([]byte(salt)) + "$" + b64(argon2.IDKey([]byte(pin), []byte(salt), 1, 8, 1, 16))
}
