package bench

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A meter tells how much processor time this process and a server have taken. It
// reads /proc, and the server has to run on this machine.
type meter struct {
	db     *sql.DB
	engine engine
}

// taken returns what both have taken until now.
func (m meter) taken() time.Duration {
	var own syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &own))
	all := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	for _, pid := range m.server() {
		all += processorTime(pid)
	}
	return all
}

// server returns the processes of the server.
func (m meter) server() (pids []string) {
	if m.engine.driver == "mysql" {
		var dir, file string
		must(m.db.QueryRow("SELECT @@datadir, @@pid_file").Scan(&dir, &file))
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		pid, err := os.ReadFile(file)
		must(err)
		return []string{strings.TrimSpace(string(pid))}
	}
	rows, err := m.db.QueryContext(context.Background(), "SELECT pid::text FROM pg_stat_activity")
	must(err)
	defer rows.Close()
	for rows.Next() {
		var pid string
		must(rows.Scan(&pid))
		pids = append(pids, pid)
	}
	must(rows.Err())
	return pids
}

// ticks is how many of them the kernel counts in a second, whatever its own clock is.
const ticks = 100

// processorTime returns how long a process has run, all its threads together. One
// that has ended has run for no time.
func processorTime(pid string) time.Duration {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(stat, []byte(") ")) // the name may hold spaces
	fields := strings.Fields(string(after))
	user, err := strconv.Atoi(fields[11])
	must(err)
	system, err := strconv.Atoi(fields[12])
	must(err)
	return time.Duration(user+system) * time.Second / ticks
}
