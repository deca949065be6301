package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A state tells how far a reseal is: every user up to After is done. With its file,
// a killed command can go on.
type state struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	// Key is the mark of the primary key: the state of an earlier key must not skip
	// users.
	Key    string `json:"key"`
	After  string `json:"after"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"`
}

// readState returns the state in a file if it is of the same database and key as
// fresh, and fresh if there is no file.
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
		return state{}, usage("%s is not the state of a reseal, or is cut off: remove it to start over", file)
	}
	if found.Database != fresh.Database || found.Table != fresh.Table || found.Key != fresh.Key {
		return state{}, usage("%s is from another database, table or key: remove it to start over", file)
	}
	return found, nil
}

// write replaces the file atomically.
func (s state) write(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

// replaceFile atomically writes a file that only its owner can read.
func replaceFile(file string, text []byte) error {
	f, err := openPartial(file)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return closePartial(f, file, err)
}

// replaceable returns an error if the name belongs to something other than a file:
// renaming a file to /dev/null would take it from the whole machine.
func replaceable(file string) error {
	if is, err := os.Lstat(file); err == nil && !is.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: give another name", file)
	}
	return nil
}

// openPartial starts a file that only its owner can read. closePartial gives it its
// name, so that a file of that name is never cut off.
func openPartial(file string) (*os.File, error) {
	if err := replaceable(file); err != nil {
		return nil, err
	}
	partial := file + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a killed run
		return nil, err
	}
	return os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// closePartial gives the file its name, or drops it after a failure. An earlier
// file of that name then stays.
func closePartial(f *os.File, file string, failed error) error {
	if err := errors.Join(failed, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), file)
}
