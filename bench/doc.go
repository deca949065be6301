// Package bench measures what factor costs beside what it is compared with, and
// prints ratios: both sides run in turns inside one run, so that a busy machine
// slows both. Nothing here fails because something is slow.
//
//	go test ./bench -v -timeout 0 -full            # everything, in full
//	go test ./bench -v -timeout 0 -full -write     # and into MEASURED.md
//	go test ./bench -v -timeout 0 -full -run Target3   # one target
//
// Without -full it only shows that everything works.
package bench
