package commands

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A row is one row of an import, and what became of it.
type row struct {
	line int
	userRow
	wrong  error    // why it does not parse
	fields []string // of a CSV file
	object []byte   // of a file of JSON lines, if it can be repeated
}

// rows reads the rows of a file.
type rows interface {
	// next returns the next row, or io.EOF. Any other error is about the file.
	next() (row, error)
	// refuse writes a row with the reason.
	refuse(w io.Writer, r row, reason string) error
}

// formats are the import formats.
var formats = []string{"csv", "jsonl"}

// formatOf returns the format that a file's name implies, or "".
func formatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return "csv"
	case ".jsonl", ".ndjson":
		return "jsonl"
	default:
		return ""
	}
}

// openRows returns the rows of a file.
func openRows(r io.Reader, format string) (rows, error) {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // Peek has read it
	}
	if format == "jsonl" {
		lines := bufio.NewScanner(b)
		lines.Buffer(nil, 1<<20)
		return &jsonRows{lines: lines}, nil
	}
	return openCSV(b)
}

// csvRows reads a CSV file whose first line names the columns.
type csvRows struct {
	in     *csv.Reader
	header []string
	headed bool // the first line of the refused rows is written
}

func openCSV(r io.Reader) (*csvRows, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err == io.EOF {
		return nil, usage("the file is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	for i, name := range header {
		if columns[name] == nil {
			return nil, usage("column %d of the first line has an unknown name: see the help of import", i+1)
		}
		if slices.Contains(header[:i], name) {
			return nil, usage("column %s appears twice", name)
		}
	}
	if !slices.Contains(header, "user") {
		return nil, usage("there is no column user: name one in the first line")
	}
	return &csvRows{in: in, header: header}, nil
}

func (c *csvRows) next() (row, error) {
	fields, err := c.in.Read()
	if err != nil {
		return row{}, err
	}
	line, _ := c.in.FieldPos(0)
	r := row{line: line, fields: fields}
	r.userRow, r.wrong = parseCSVRow(c.header, fields)
	return r, nil
}

func (c *csvRows) refuse(w io.Writer, r row, reason string) error {
	out := csv.NewWriter(w)
	added := func(name string) bool { return name == "line" || name == "reason" }
	if !c.headed {
		c.headed = true
		if err := out.Write(append(slices.DeleteFunc(slices.Clone(c.header), added), "line", "reason")); err != nil {
			return err
		}
	}
	var kept []string
	for i, name := range c.header {
		switch {
		case added(name):
		case i < len(r.fields):
			kept = append(kept, r.fields[i])
		default:
			kept = append(kept, "")
		}
	}
	if err := out.Write(append(kept, fmt.Sprint(r.line), reason)); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// jsonRows reads a file with a JSON object on each line.
type jsonRows struct {
	lines *bufio.Scanner
	line  int
}

func (j *jsonRows) next() (row, error) {
	for j.lines.Scan() {
		j.line++
		text := bytes.TrimSpace(j.lines.Bytes())
		if len(text) == 0 {
			continue
		}
		r := row{line: j.line}
		if r.wrong = distinct(text); r.wrong == nil {
			r.object = bytes.Clone(text)
			r.userRow, r.wrong = parseJSONRow(text)
		}
		return r, nil
	}
	if errors.Is(j.lines.Err(), bufio.ErrTooLong) {
		return row{}, fmt.Errorf("line %d is longer than 1 MiB", j.line+1)
	}
	if err := j.lines.Err(); err != nil {
		return row{}, fmt.Errorf("line %d: %w", j.line+1, err)
	}
	return row{}, io.EOF
}

func (j *jsonRows) refuse(w io.Writer, r row, reason string) error {
	members := map[string]any{}
	var read map[string]json.RawMessage
	if json.Unmarshal(r.object, &read) == nil { // otherwise there is nothing to repeat
		for name, value := range read {
			members[name] = value
		}
	}
	members["line"], members["reason"] = r.line, reason
	text, err := json.Marshal(members)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// A refusedFile holds the refused rows. It gets its name only at the end of a run.
type refusedFile struct {
	name string
	file *os.File
}

// openRefused starts a file that only its owner can read, because rows hold
// secrets.
func openRefused(name, input string) (*refusedFile, error) {
	if name == "" {
		return nil, nil
	}
	was, err := os.Stat(name)
	in, err2 := os.Stat(input)
	if err == nil && err2 == nil && os.SameFile(was, in) {
		return nil, usage("--refused names the file that is imported: give another name")
	}
	f, err := openPartial(name)
	if err != nil {
		return nil, usage("--refused: %w", err)
	}
	return &refusedFile{name, f}, nil
}

// close gives the file its name, or drops it if the run failed: the next run judges
// all rows again.
func (f *refusedFile) close(failed error) error {
	if f == nil {
		return failed
	}
	return closePartial(f.file, f.name, failed)
}
