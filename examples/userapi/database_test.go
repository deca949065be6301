package main

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

// TestEachDatabaseServes walks through the operations on a real server of each
// kind; SQLite has all the other tests.
func TestEachDatabaseServes(t *testing.T) {
	for name, dsn := range map[string]func(testing.TB) string{
		"PostgreSQL": server.SharedPostgres, "MariaDB": server.SharedMariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			c := startServer(t, "-dsn", dsn(t)).withPIN(t)
			c.card("Visa")
			c.get("/user/pin?timeout=1").want(t, 200)
			c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)
			body := `{"otp":"` + c.code() + `"}`
			c.json("POST", "/user/otp/verify", body).want(t, 204)
			c.json("POST", "/user/otp/verify", body).want(t, 404)
			_, secret := c.device(`{"pin":"8299"}`)
			c.reset(`{"pin":"`+deviceCode(t, secret)+`"}`).want(t, 204)
			for range 3 {
				c.reset(`{"pin":"5621"}`).want(t, 422)
			}
			c.wantCards("Visa")
			c.reset(`{"pin":"5621"}`).want(t, 410)
			c.wantCards()
			c.wantMails(warning, deleted)
			c.reset(`{"skip":true}`).want(t, 204)
		})
	}
}
