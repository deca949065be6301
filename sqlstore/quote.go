package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// say returns the text of an error, as much of it as quotes no argument of the
// statement: what the error says, or else what the server has said in it, or what
// is known of it without its text.
func (d *Dialect) say(err error, args []any) string {
	name, speaking, said := d.code(err)
	if (said == nil || speaking) && !quotesAny(err.Error(), args) {
		return err.Error()
	}
	if said != nil && speaking && !quotesAny(said.Error(), long(args)) {
		return said.Error()
	}
	if said != nil {
		return name + " of the database"
	}
	return known(err)
}

// known returns the text of an error that says the same whatever the arguments
// are, and else only what type it has.
func known(err error) string {
	for _, k := range []error{
		context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed,
	} {
		if errors.Is(err, k) {
			return k.Error()
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	return fmt.Sprintf("%T, whose text quotes an argument", err)
}

// short is the length in bytes below which a user is found in ordinary words.
const short = 4

// long returns the arguments that are not short. The text of a server that quotes
// no argument does hold short ones by chance.
func long(args []any) []any {
	return slices.DeleteFunc(slices.Clone(args), func(arg any) bool {
		text, _ := textOf(arg)
		return len(text) < short
	})
}

// textOf returns an argument that is a user or data.
func textOf(arg any) (text string, ok bool) {
	switch arg := arg.(type) {
	case string:
		return arg, arg != ""
	case []byte:
		return string(arg), len(arg) > 0
	default:
		return "", false
	}
}

// quotesAny reports whether a text holds one of the arguments that are users or
// data, in any spelling. A short one counts only where it stands alone, and not
// within a word or a number.
func quotesAny(text string, args []any) bool {
	for _, arg := range args {
		value, ok := textOf(arg)
		if !ok {
			continue
		}
		for _, spelling := range spellings(value) {
			if len(value) >= short && strings.Contains(text, spelling) || standsAlone(text, spelling) {
				return true
			}
		}
	}
	return false
}

// spellings returns how Go programs and databases print a value.
func spellings(value string) []string {
	inner := func(quoted string) string { return quoted[1 : len(quoted)-1] }
	quoted, _ := json.Marshal(value)
	hex := fmt.Sprintf("%x", value)
	return []string{
		value, inner(strconv.Quote(value)), inner(strconv.QuoteToASCII(value)), inner(string(quoted)),
		hex, strings.ToUpper(hex), `\x` + hex, "0x" + hex, "0x" + strings.ToUpper(hex),
		inner(fmt.Sprint([]byte(value))), inner(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(value)), "[]byte")),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(value)), "="),
	}
}

// standsAlone reports whether a value is in a text with neither a letter nor a
// digit next to its own. A value that begins or ends with something else has to
// stand there in quotes or brackets.
func standsAlone(text, value string) bool {
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	for from := 0; ; {
		i := strings.Index(text[from:], value)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:from+i])
		after, _ := utf8.DecodeRuneInString(text[from+i+len(value):])
		if apart(before, first) && apart(after, last) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[from+i:])
		from += i + size
	}
}

// apart reports whether a neighbour, utf8.RuneError if there is none, leaves a
// value whose nearest rune is the edge to stand alone.
func apart(neighbour, edge rune) bool {
	if isWord(edge) {
		return !isWord(neighbour)
	}
	return neighbour == utf8.RuneError || strings.ContainsRune("\"'`()[]{}<>=", neighbour)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
