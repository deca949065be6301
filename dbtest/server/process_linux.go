package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
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
// or to go on, it is stopped first, so that it starts no others meanwhile.
func signalAll(pid int, signal syscall.Signal) {
	switch signal {
	case syscall.SIGKILL, syscall.SIGSTOP:
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	case syscall.SIGCONT:
	default:
		_ = syscall.Kill(pid, signal)
		return
	}
	for _, child := range children(pid) {
		signalAll(child, signal)
	}
	_ = syscall.Kill(pid, signal)
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
