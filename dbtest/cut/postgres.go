package cut

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Postgres is the protocol of PostgreSQL, version 3, without encryption.
var Postgres Protocol = postgres{}

type postgres struct{}

type postgresSession struct {
	backend  int64
	prepared map[string]string // SQL by the statement's name
}

// Codes instead of a protocol version.
const (
	cancelCode = 80877102
	sslCode    = 80877103
	gssCode    = 80877104
)

func (postgres) open(client, server *wire) (session, error) {
	start, err := startup(client)
	if err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(start[4:]) == cancelCode {
		// pgx asks the server to cancel a lost statement. Whether that comes in
		// time would be one more race.
		return nil, io.EOF
	}
	if _, err := server.Write(start); err != nil {
		return nil, err
	}
	s := &postgresSession{prepared: make(map[string]string)}
	for {
		kind, message, err := postgresMessage(server)
		if err != nil {
			return nil, err
		}
		if _, err := client.Write(message); err != nil {
			return nil, err
		}
		switch body := message[5:]; kind {
		case 'R':
			if code := binary.BigEndian.Uint32(body); code != 0 {
				return nil, fmt.Errorf("cut: the server asks for authentication %d, and only trust is understood", code)
			}
		case 'K':
			s.backend = int64(binary.BigEndian.Uint32(body))
		case 'E':
			return nil, errors.New("cut: the server refuses the connection")
		case 'Z':
			return s, nil
		}
	}
}

// startup reads the first message, which has no kind, and refuses encryption.
func startup(client *wire) ([]byte, error) {
	for {
		size, err := client.take(4)
		if err != nil {
			return nil, err
		}
		body, err := client.take(int(binary.BigEndian.Uint32(size)) - 4)
		if err != nil {
			return nil, err
		}
		if code := binary.BigEndian.Uint32(body); code != sslCode && code != gssCode {
			return append(size, body...), nil
		}
		if _, err := client.Write([]byte{'N'}); err != nil {
			return nil, err
		}
	}
}

func postgresMessage(w *wire) (kind byte, message []byte, err error) {
	head, err := w.take(5)
	if err != nil {
		return 0, nil, err
	}
	body, err := w.take(int(binary.BigEndian.Uint32(head[1:])) - 4)
	return head[0], append(head, body...), err
}

// request reads up to the message after which the client waits.
func (s *postgresSession) request(client *wire) (*Request, error) {
	r := &Request{}
	for {
		kind, message, err := postgresMessage(client)
		if err != nil {
			return nil, err
		}
		r.data = append(r.data, message...)
		body := message[5:]
		switch kind {
		case 'P': // Parse: name, SQL
			name, rest := untilZero(body)
			sql, _ := untilZero(rest)
			s.prepared[name], r.SQL = sql, sql
		case 'B': // Bind: portal, name
			_, rest := untilZero(body)
			name, _ := untilZero(rest)
			r.SQL = s.prepared[name]
		case 'E':
			r.Runs = true
		case 'Q':
			r.SQL, _ = untilZero(body)
			r.Runs = true
			return r, nil
		case 'S':
			return r, nil
		case 'X':
			return nil, io.EOF
		}
	}
}

func (s *postgresSession) answer(server *wire, _ *Request) ([]byte, error) {
	var all []byte
	for {
		kind, message, err := postgresMessage(server)
		all = append(all, message...)
		if err != nil || kind == 'Z' {
			return all, err
		}
	}
}

func (s *postgresSession) number() int64 { return s.backend }

// untilZero splits off a zero-terminated text.
func untilZero(b []byte) (text string, rest []byte) {
	head, rest, _ := bytes.Cut(b, []byte{0})
	return string(head), rest
}
