package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// startTimeout bounds a server's start, and endTimeout its end.
	startTimeout = 60 * time.Second
	endTimeout   = 60 * time.Second
)

// starts bounds the servers, and the programs before them, that start at once: more
// would only take each other's time.
var starts = make(chan struct{}, 2)

func takeStart() (leave func()) {
	starts <- struct{}{}
	return func() { <-starts }
}

// A Command tells how to run a server.
type Command struct {
	Name string   // for messages, and of the log file
	User string   // who runs it if the tests run as root
	Path string   // the program
	Args []string // without the program's name
	Dir  string   // where it runs and keeps temporary files
	Env  []string // in addition to what the tests have
	// Quit is the signal that ends it at once, with its helpers and its resources
	// outside files; zero means SIGKILL.
	Quit syscall.Signal
	// Ready returns nil once the server works. Start calls it repeatedly.
	Ready func(context.Context) error
	// Clean, if not nil, removes what an ended server has left outside the Home.
	Clean func()
}

// A Process is a started server. It is killed when the test binary ends, in any
// case.
type Process struct {
	command Command
	log     string
	mu      sync.Mutex
	cmd     *exec.Cmd
	exited  chan struct{}
}

// Start runs a command until the Home ends, and returns once it is ready.
func (h *Home) Start(c Command) (*Process, error) {
	if c.Quit == 0 {
		c.Quit = syscall.SIGKILL
	}
	defer takeStart()()
	p := &Process{command: c, log: filepath.Join(h.dir, c.Name+".log")}
	if err := p.Launch(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.processes = append(h.processes, p)
	h.mu.Unlock()
	return p, p.Await(startTimeout)
}

// Launch runs the command, even again after a kill, and does not wait until it is
// ready.
func (p *Process) Launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.command.Path, p.command.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.command.Dir, log, log
	// Another user may be kept out of the temporary directory.
	cmd.Env = append(append(os.Environ(), "TMPDIR="+p.command.Dir), p.command.Env...)
	if cmd.SysProcAttr, err = asUser(p.command.User); err != nil {
		return err
	}
	dieWithParent(cmd.SysProcAttr, p.command.Quit)
	if err := onParentThread(cmd.Start); err != nil {
		return fmt.Errorf("starting %s: %w", p.command.Name, err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited = cmd, exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	return nil
}

// Await waits until the server is ready.
func (p *Process) Await(timeout time.Duration) error {
	if p.command.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	exited := p.Exited()
	for {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := p.command.Ready(once)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("%s has exited: %v; its log ends with\n%s", p.command.Name, err, p.LogTail(30))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %v: %v; its log ends with\n%s", p.command.Name, timeout, err, p.LogTail(30))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Name returns the command's name.
func (p *Process) Name() string { return p.command.Name }

// Pid returns the number of the server's main process.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// Exited is closed when the server's main process has ended.
func (p *Process) Exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

// Quit ends the server at once, stopped or not, and waits for it.
func (p *Process) Quit() error {
	p.mu.Lock()
	pid, exited := p.cmd.Process.Pid, p.exited
	p.mu.Unlock()
	select {
	case <-exited:
		return nil
	default:
	}
	signalAll(pid, p.command.Quit)
	p.Cont()
	select {
	case <-exited:
		return nil
	case <-time.After(endTimeout):
		return errors.Join(fmt.Errorf("%s did not end on %v", p.command.Name, p.command.Quit), p.Kill())
	}
}

// Kill kills the server and all its helpers with SIGKILL, as a machine that
// fails would, and waits until they are gone: PostgreSQL does not start again
// while one of them still has its shared memory.
func (p *Process) Kill() error {
	exited := p.Exited()
	helpers := signalAll(p.Pid(), syscall.SIGKILL)
	deadline := time.After(endTimeout)
	select {
	case <-exited:
	case <-deadline:
		return fmt.Errorf("%s survived SIGKILL", p.command.Name)
	}
	for slices.ContainsFunc(helpers, running) {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			return fmt.Errorf("a helper of %s survived SIGKILL", p.command.Name)
		}
	}
	return nil
}

// Stop freezes the server and its helpers with SIGSTOP: connections stay open and
// nothing is answered.
func (p *Process) Stop() { stopAll(p.Pid()) }

// Cont lets a stopped server go on.
func (p *Process) Cont() { continueAll(p.Pid()) }

// LogTail returns the last lines of what the server has written.
func (p *Process) LogTail(lines int) string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Run runs a program to its end, as a user if the tests run as root.
func Run(dir, user, path string, args ...string) error {
	defer takeStart()()
	ctx, cancel := context.WithTimeout(context.Background(), 2*startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir)
	var err error
	if cmd.SysProcAttr, err = asUser(user); err != nil {
		return err
	}
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	if err = onParentThread(cmd.Start); err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, out.Bytes())
	}
	return nil
}

// parentThread runs functions on one thread that lives as long as the test
// binary, because that thread is what the kernel takes for a child's parent.
var parentThread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func onParentThread(f func() error) error {
	result := make(chan error)
	parentThread() <- func() { result <- f() }
	return <-result
}

// ids returns the numbers of a user and its group, or of those who run the tests
// if these cannot be another.
func ids(name string) (uid, gid int, err error) {
	if name == "" || os.Getuid() != 0 {
		return os.Getuid(), os.Getgid(), nil
	}
	u, err := user.Lookup(name)
	if _, ok := errors.AsType[user.UnknownUserError](err); ok {
		return 0, 0, &MissingError{"the user " + name, "servers do not run as root: install the server's package, or run the tests as another user"}
	}
	if err != nil {
		return 0, 0, err
	}
	uid, err = strconv.Atoi(u.Uid)
	if err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// FreePort returns a port on loopback that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
