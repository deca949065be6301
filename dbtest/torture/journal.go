package torture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A line is one line of the journal of a life: a call about to be made, or its
// answer.
type line struct {
	Seq    int     `json:"seq"`  // in the order of writing, over all files of a life
	Call   int     `json:"call"` // number of the call
	At     int64   `json:"at"`   // Unix milliseconds
	Intent *intent `json:"intent,omitempty"`
	Answer *answer `json:"answer,omitempty"`
}

// asked is one line of the host's journal of wipes.
type asked struct {
	Seq  int         `json:"seq"`
	Wipe factor.Wipe `json:"wipe"`
	Done bool        `json:"done,omitempty"` // the data is gone, nil follows
}

// A journal is where a child writes what it does, in three files. A finished write
// survives SIGKILL, because the kernel has it; the wipes, which stand for the
// host's own data, are synced too.
type journal struct {
	mu    sync.Mutex // one write at a time, so that only the last line can be torn
	seq   int
	calls *os.File
	wipes *os.File
	told  *os.File
}

func callsFile(dir string, life int) string {
	return filepath.Join(dir, fmt.Sprintf("calls.%d", life))
}

func wipesFile(dir string, life int) string {
	return filepath.Join(dir, fmt.Sprintf("wipes.%d", life))
}

func newJournal(dir string, life int) (*journal, error) {
	const flags = os.O_CREATE | os.O_EXCL | os.O_APPEND | os.O_WRONLY
	calls, err := os.OpenFile(callsFile(dir, life), flags, 0o600)
	if err != nil {
		return nil, err
	}
	wipes, err := os.OpenFile(wipesFile(dir, life), flags, 0o600)
	if err != nil {
		return nil, err
	}
	told, err := os.OpenFile(toldFile(dir, life), flags, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{calls: calls, wipes: wipes, told: told}, nil
}

// intend records a call about to be made.
func (j *journal) intend(number int, it intent) error {
	return j.call(line{Call: number, Intent: &it})
}

// answered records a call's answer.
func (j *journal) answered(number int, a answer) error {
	return j.call(line{Call: number, Answer: &a})
}

func (j *journal) call(l line) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	l.Seq, l.At = j.seq, time.Now().UnixMilli()
	return j.append(j.calls, l)
}

// wipe records that the host was called for a wipe, or that it is done.
func (j *journal) wipe(w factor.Wipe, done bool) error {
	j.mu.Lock()
	err := j.append(j.wipes, asked{Seq: j.seq, Wipe: w, Done: done})
	j.mu.Unlock()
	if err != nil {
		return err
	}
	return j.wipes.Sync()
}

func (j *journal) append(f *os.File, entry any) error {
	text, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	j.seq++
	_, err = f.Write(append(text, '\n'))
	return err
}

// readLines returns the whole lines of a file. A last line without its end was cut
// off in the middle, and its subject was not done, since that comes after the
// write. A missing file has no lines.
func readLines[T any](file string) ([]T, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var entries []T
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	for raw := range bytes.Lines(whole) {
		var entry T
		if err := json.Unmarshal(raw, &entry); err != nil {
			return nil, fmt.Errorf("%s: %w in %q", file, err, raw)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// call is a call as the journal has it.
type call struct {
	span
	intent
	answer
	life     int
	name     string // see callName
	from, to int64  // Unix milliseconds, before it was made and after it was answered
}

// open reports whether the call was cut off, so that nobody knows its outcome.
func (c *call) open() bool { return c.Class == classOpen }

func (c *call) String() string {
	it, _ := json.Marshal(c.intent)
	a, _ := json.Marshal(c.answer)
	return fmt.Sprintf("call %s [%d,%d] %s → %s", c.name, c.start, c.end, it, a)
}

// readCalls returns the calls of a life in order. Those without an answer lasted
// until death.
func readCalls(dir string, life int, death int64) ([]*call, error) {
	lines, err := readLines[line](callsFile(dir, life))
	if err != nil {
		return nil, err
	}
	var calls []*call
	made := make(map[int]*call)
	for _, l := range lines {
		switch c := made[l.Call]; {
		case l.Intent != nil:
			c = &call{span: span{l.Seq, never}, intent: *l.Intent, answer: answer{Class: classOpen},
				life: life, name: callName(life, l.Call), from: l.At, to: death}
			made[l.Call] = c
			calls = append(calls, c)
		case c == nil || l.Answer == nil:
			return nil, fmt.Errorf("life %d answers call %d, which it did not make", life, l.Call)
		default:
			c.end, c.to, c.answer = l.Seq, l.At, *l.Answer
			if c.Class == classConflict {
				c.end, c.Class = never, classOpen // its own text says that; the audit need not believe it
			}
		}
	}
	return calls, nil
}

// An intent is a call before it is made, with enough to audit it.
type intent struct {
	Op     op            `json:"op"`
	User   string        `json:"user,omitempty"`
	Kinds  []factor.Kind `json:"kinds,omitempty"`
	Device uuid.UUID     `json:"device,omitzero"`
	NewPIN string        `json:"newPin,omitempty"`
	Proof  proof         `json:"proof,omitzero"`
	// WipeFails makes the host's Wipe fail in this call.
	WipeFails bool `json:"wipeFails,omitempty"`
}

// A proof is a call's credentials. Kind is what OTP was made for, or empty if it is
// certainly wrong; for a device's code, Key and Step are its secret and step.
type proof struct {
	OTP      string      `json:"otp,omitempty"`
	Kind     factor.Kind `json:"kind,omitempty"`
	Key      string      `json:"key,omitempty"`
	Step     int64       `json:"step,omitempty"`
	Password string      `json:"password,omitempty"`
	PIN      string      `json:"pin,omitempty"`
}

func (p proof) credentials() factor.Credentials {
	return factor.Credentials{OTP: p.OTP, Password: p.Password, PIN: p.PIN}
}

// An answer is a call's answer.
type answer struct {
	Class  class       `json:"class"`
	Kind   factor.Kind `json:"kind,omitempty"`
	Owner  uuid.UUID   `json:"owner,omitzero"` // the device whose code it was
	Code   string      `json:"code,omitempty"`
	Ends   int64       `json:"ends,omitempty"`   // of the code, Unix milliseconds
	Secret string      `json:"secret,omitempty"` // of the device, base32
	Text   string      `json:"text,omitempty"`   // of an error that says more than its class
	down   bool        // it has an error of a store whose server may be killed
}

// A class is the kind of an answer.
type class string

const (
	classOpen          class = "" // cut off
	classOK            class = "ok"
	classMismatch      class = "mismatch"
	classLocked        class = "locked"
	classWiped         class = "wiped"
	classPending       class = "pending"
	classNotEnrolled   class = "not-enrolled"
	classUnknownDevice class = "unknown-device"
	classDeviceLimit   class = "device-limit"
	classNoCredential  class = "no-credential"
	classConflict      class = "conflict" // gave up on the store: the outcome is open
	classDown          class = "down"     // the store's server was killed, nothing written
	classFault         class = "fault"    // anything that must not happen
)
