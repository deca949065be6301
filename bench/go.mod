module github.com/knowhave/factor/bench

go 1.26.0

require (
	github.com/google/uuid v1.6.0
	github.com/knowhave/factor v0.0.0
	github.com/pquerna/otp v1.5.0
)

require (
	github.com/boombuler/barcode v1.0.1-0.20190219062509-6c824513bacc // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/knowhave/factor => ../
	github.com/knowhave/factor/dbtest => ../dbtest
)
