package optionsjson_test

import (
	"fmt"
	"log"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/optionsjson"
)

// A service writes its options down, for factorctl to have the same.
func ExampleMarshal() {
	opts := &factor.Options{
		PIN:  factor.PINOptions{Length: 6, Limit: factor.Limit{Delay: 5 * time.Minute}},
		TOTP: factor.TOTPOptions{Issuer: "Shop"},
	}
	text, err := optionsjson.Marshal(opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// {
	//   "pin": {
	//     "length": 6,
	//     "limit": {
	//       "delay": "5m0s"
	//     }
	//   },
	//   "totp": {
	//     "issuer": "Shop"
	//   }
	// }
}
