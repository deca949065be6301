package cluster

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

// A pair is a PostgreSQL server with a standby.
type pair struct {
	t                testing.TB
	primary, standby *server.Postgres
	first, second    *sql.DB // an administrator's connections to them
}

// startPair starts a primary and a standby, which end with the test. If
// synchronous, the primary acknowledges nothing that its standby does not have.
func startPair(t testing.TB, synchronous bool) *pair {
	t.Helper()
	server.Need(t, "postgres", "initdb", "pg_basebackup")
	home := server.NewHome(t)
	var settings []string
	if synchronous {
		settings = append(settings, "synchronous_standby_names=*")
	}
	p := &pair{t: t}
	p.primary = server.Must(home.Postgres(server.PostgresConfig{Name: "primary", Settings: settings}))(t)
	backup := server.Must(server.PostgresProgram("pg_basebackup"))(t)
	dir := server.Must(home.Directory("standby", server.PostgresUser))(t)
	data := filepath.Join(dir, "data")
	if err := server.Run(dir, server.PostgresUser, backup, "-D", data, "-d", p.primary.DSN("postgres"),
		"--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	p.standby = server.Must(home.Postgres(server.PostgresConfig{Name: "standby", Data: data}))(t)
	p.first, p.second = p.administer(p.primary), p.administer(p.standby)
	p.follows(synchronous)
	return p
}

func (p *pair) administer(s *server.Postgres) *sql.DB {
	db := server.Must(sql.Open("pgx", s.DSN("postgres")))(p.t)
	db.SetMaxOpenConns(1)
	p.t.Cleanup(func() { db.Close() })
	return db
}

// ask returns the result of a query.
func (p *pair) ask(db *sql.DB, query string) (answer string) {
	p.t.Helper()
	if err := db.QueryRow(query).Scan(&answer); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// do runs statements.
func (p *pair) do(db *sql.DB, statements ...string) {
	p.t.Helper()
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			p.t.Fatal(err)
		}
	}
}

// follows waits until the standby receives what the primary writes.
func (p *pair) follows(synchronous bool) {
	p.t.Helper()
	want := "streaming async"
	if synchronous {
		want = "streaming sync"
	}
	until(p.t, "the standby is "+want, func() bool {
		return p.ask(p.first, `SELECT coalesce(max(state || ' ' || sync_state), '') FROM pg_stat_replication WHERE application_name = 'walreceiver'`) == want
	})
}

// caughtUp waits until the standby shows everything that the primary has written.
func (p *pair) caughtUp() {
	p.t.Helper()
	end := p.ask(p.first, `SELECT pg_current_wal_insert_lsn()::text`)
	until(p.t, "the standby has caught up", func() bool {
		return p.ask(p.second, `SELECT (pg_last_wal_replay_lsn() >= '`+end+`')::text`) == "true"
	})
}

// cut cuts the standby off from the primary.
func (p *pair) cut() {
	p.t.Helper()
	p.do(p.second, `ALTER SYSTEM SET primary_conninfo = ''`, `SELECT pg_reload_conf()`)
	until(p.t, "the standby is cut off", func() bool {
		return p.ask(p.first, `SELECT count(*)::text FROM pg_stat_replication`) == "0"
	})
}

// join makes a cut-off standby follow the primary again.
func (p *pair) join(synchronous bool) {
	p.t.Helper()
	p.do(p.second, fmt.Sprintf(`ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=%d user=factor sslmode=disable'`, p.primary.Port), `SELECT pg_reload_conf()`)
	p.follows(synchronous)
}

// failOver kills the primary and promotes the standby.
func (p *pair) failOver() {
	p.t.Helper()
	if err := p.primary.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if p.ask(p.second, `SELECT pg_promote(true, 60)::text`) != "true" {
		p.t.Fatal("the standby was not promoted")
	}
}

const (
	// whicheverWrites is the node of a pair's place that is the writable server,
	// and standbyNode the one that is the standby, promoted or not.
	whicheverWrites = iota
	standbyNode
)

// place returns where applications find the servers. The driver looks for the
// writable one.
func (p *pair) place() place {
	both := fmt.Sprintf("postgres://factor@127.0.0.1:%d,127.0.0.1:%d/factor?sslmode=disable&target_session_attrs=read-write&connect_timeout=2", p.primary.Port, p.standby.Port)
	return place{Driver: "pgx", Sources: []string{both, p.standby.DSN("factor")}}
}
