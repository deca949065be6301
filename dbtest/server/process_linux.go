package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownGroup keeps the terminal's signals away from a child.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// asUser lets a child run as a user, where that is possible.
func asUser(name string) (*syscall.SysProcAttr, error) {
	attr := ownGroup()
	if name == "" || os.Getuid() != 0 {
		return attr, nil
	}
	uid, gid, err := ids(name)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

// dieWithParent makes the kernel send the signal to a child when the thread that
// started it is gone.
func dieWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// signalAll sends a signal to a process and its descendants, which have process
// groups of their own in PostgreSQL. Unless the process is told to end by itself
// or to go on, it is stopped first, so that it starts no others meanwhile. It
// returns the descendants that it signalled.
func signalAll(pid int, signal syscall.Signal) (descendants []int) {
	switch signal {
	case syscall.SIGKILL, syscall.SIGSTOP:
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		for tries := 0; tries < 1000 && !strings.ContainsRune("TtZX\x00", rune(state(pid))); tries++ {
			<-time.After(time.Millisecond) // it may be in the midst of a fork
		}
	case syscall.SIGCONT:
	default:
		_ = syscall.Kill(pid, signal)
		return nil
	}
	for _, child := range children(pid) {
		descendants = append(append(descendants, child), signalAll(child, signal)...)
	}
	_ = syscall.Kill(pid, signal)
	return descendants
}

func stopAll(pid int)     { signalAll(pid, syscall.SIGSTOP) }
func continueAll(pid int) { signalAll(pid, syscall.SIGCONT) }

// running reports whether a process still has anything of its own. One that has
// ended and that nobody has waited for has nothing.
func running(pid int) bool {
	s := state(pid)
	return s != 0 && s != 'Z' && s != 'X'
}

// state returns the letter that stands for what a process does, or 0 if there is
// none.
func state(pid int) byte {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if err != nil || len(fields) == 0 {
		return 0
	}
	return fields[0][0]
}

// children returns the processes that a process has started.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var found []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended.
		}
		// The name, in parentheses, may hold anything. State and parent follow.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(fields) > 1 && string(fields[1]) == strconv.Itoa(pid) {
			found = append(found, child)
		}
	}
	return found
}

// removeSegment removes a segment of shared memory.
func removeSegment(id int) {
	const remove = 0 // IPC_RMID
	_, _, _ = syscall.Syscall(syscall.SYS_SHMCTL, uintptr(id), remove, 0)
}
