package storetest

import "time"

// SetPatience says how long a List with due may be behind the writes. A store that is
// known to be defective need not be waited for.
func SetPatience(d time.Duration) { patience = d }
