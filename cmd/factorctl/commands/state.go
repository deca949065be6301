package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// state is where a reseal is: every user up to After is done. Its file lets the same
// command go on after it was killed.
type state struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	// Key is what the primary key puts in front of what it seals: a state of an
	// earlier change of the key must not pass users over.
	Key    string `json:"key"`
	After  string `json:"after"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"`
}

// readState returns what a file holds, if it is of the same database and key as
// fresh, or fresh where there is no file.
func readState(file string, fresh state) (state, error) {
	if err := replaceable(file); err != nil {
		return state{}, usage("--state: %w", err)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return state{}, usage("file of the state: %w", err)
	}
	var found state
	if err := json.Unmarshal(text, &found); err != nil || found.After == "" {
		return state{}, usage("%s is no state of a reseal, or is cut off: remove it to begin anew", file)
	}
	if found.Database != fresh.Database || found.Table != fresh.Table || found.Key != fresh.Key {
		return state{}, usage("%s is from another database, table or key: remove it to begin anew", file)
	}
	return found, nil
}

// write replaces the file in one step.
func (s state) write(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

// replaceFile writes a file that only its owner reads, all of it or nothing.
func replaceFile(file string, text []byte) error {
	f, err := openPartial(file)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return closePartial(f, file, err)
}

// replaceable returns an error where a name has something else than a file: to rename a
// file to /dev/null takes it from the whole machine.
func replaceable(file string) error {
	if is, err := os.Lstat(file); err == nil && !is.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file, and would be replaced by one", file)
	}
	return nil
}

// openPartial begins a file that only its owner reads. It has its name only after
// closePartial: under that name it is never cut off.
func openPartial(file string) (*os.File, error) {
	if err := replaceable(file); err != nil {
		return nil, err
	}
	partial := file + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a run that was killed
		return nil, err
	}
	return os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// closePartial gives the file its name, or drops it if something failed before or does
// now. What had the name then stays.
func closePartial(f *os.File, file string, failed error) error {
	if err := errors.Join(failed, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), file)
}
