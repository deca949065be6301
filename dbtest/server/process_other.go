//go:build !linux

package server

import "syscall"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func asUser(string) (*syscall.SysProcAttr, error) {
	return nil, &MissingError{"Linux", "servers are started only there: give the data source name of one in " + postgresEnv + " or " + mysqlEnv}
}

func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func signalAll(int, syscall.Signal) []int { return nil }

func stopAll(int) {}

func continueAll(int) {}

func running(int) bool { return false }

func removeSegment(int) {}
