package cut

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MySQL is the protocol of MySQL and MariaDB, version 10, without encryption and
// compression.
var MySQL Protocol = mysql{}

type mysql struct{}

type mysqlSession struct {
	thread   int64
	noEOF    bool // no packet stands between the columns and the rows
	prepared map[uint32]string
}

// Commands, and the first bytes of answers.
const (
	comQuit    = 0x01
	comQuery   = 0x03
	comPrepare = 0x16
	comExecute = 0x17
	comData    = 0x18
	comClose   = 0x19

	isOK    = 0x00
	isMore  = 0x01
	isEnd   = 0xfe
	isError = 0xff

	deprecateEOF = 1 << 24
	compress     = 1 << 5
	encrypt      = 1 << 11
)

func (mysql) open(client, server *wire) (session, error) {
	s := &mysqlSession{prepared: make(map[uint32]string)}
	greeting, err := pass(server, client)
	if err != nil {
		return nil, err
	}
	if greeting[4] == isError {
		return nil, errors.New("cut: the server refuses the connection")
	}
	_, rest := untilZero(greeting[5:])
	s.thread = int64(binary.LittleEndian.Uint32(rest))
	response, err := pass(client, server)
	if err != nil {
		return nil, err
	}
	asked := binary.LittleEndian.Uint32(response[4:])
	if asked&(compress|encrypt) != 0 {
		return nil, errors.New("cut: the client asks for compression or encryption")
	}
	s.noEOF = asked&deprecateEOF != 0
	for {
		said, err := pass(server, client)
		if err != nil {
			return nil, err
		}
		switch said[4] {
		case isOK:
			return s, nil
		case isError:
			return nil, errors.New("cut: the server refuses the connection")
		case isMore:
		default:
			if _, err := pass(client, server); err != nil {
				return nil, err
			}
		}
	}
}

// pass passes one packet on.
func pass(from, to *wire) ([]byte, error) {
	packet, err := mysqlPacket(from)
	if err != nil {
		return nil, err
	}
	_, err = to.Write(packet)
	return packet, err
}

// mysqlPacket reads a packet with its head of 4 bytes. It expects neither an empty
// packet nor one of 16 MiB, which continues in the next.
func mysqlPacket(w *wire) ([]byte, error) {
	head, err := w.take(4)
	if err != nil {
		return nil, err
	}
	body, err := w.take(int(head[0]) | int(head[1])<<8 | int(head[2])<<16)
	if err == nil && len(body) == 0 {
		err = errors.New("cut: an empty packet")
	}
	return append(head, body...), err
}

func (s *mysqlSession) request(client *wire) (*Request, error) {
	packet, err := mysqlPacket(client)
	if err != nil {
		return nil, err
	}
	r := &Request{data: packet}
	switch body := packet[5:]; packet[4] {
	case comQuit:
		return nil, io.EOF
	case comQuery:
		r.SQL, r.Runs = string(body), true
	case comPrepare:
		r.SQL = string(body)
	case comExecute:
		r.SQL, r.Runs = s.prepared[binary.LittleEndian.Uint32(body)], true
	}
	return r, nil
}

func (s *mysqlSession) answer(server *wire, r *Request) ([]byte, error) {
	a := &mysqlAnswer{server: server}
	command := r.data[4]
	if command == comClose || command == comData {
		return nil, nil
	}
	first := a.next()
	switch {
	case a.err != nil || first[0] == isError:
	case command == comPrepare:
		s.prepared[binary.LittleEndian.Uint32(first[1:])] = r.SQL
		a.definitions(int(binary.LittleEndian.Uint16(first[7:])), s.noEOF) // parameters
		a.definitions(int(binary.LittleEndian.Uint16(first[5:])), s.noEOF) // columns
	case first[0] == isOK || command != comQuery && command != comExecute:
	case first[0] > 250:
		a.err = fmt.Errorf("cut: an answer that begins with %#x is not understood", first[0])
	default:
		columns := int(first[0])
		if len(first) > 1 && first[1] == 0 { // MariaDB: the client knows the columns
			columns = 0
		}
		a.definitions(columns, s.noEOF)
		a.rows()
	}
	return a.all.Bytes(), a.err
}

func (s *mysqlSession) number() int64 { return s.thread }

// A mysqlAnswer is the part of an answer read so far.
type mysqlAnswer struct {
	server *wire
	all    bytes.Buffer
	err    error
}

// next reads a packet and returns it without its head.
func (a *mysqlAnswer) next() []byte {
	if a.err != nil {
		return nil
	}
	packet, err := mysqlPacket(a.server)
	a.all.Write(packet)
	if a.err = err; err != nil {
		return nil
	}
	return packet[4:]
}

// definitions reads the definitions of n columns or parameters.
func (a *mysqlAnswer) definitions(n int, noEOF bool) {
	for range n {
		a.next()
	}
	if n > 0 && !noEOF {
		a.next()
	}
}

// rows reads rows until their end, or an error instead.
func (a *mysqlAnswer) rows() {
	for a.err == nil {
		if row := a.next(); a.err == nil && (row[0] == isEnd || row[0] == isError) {
			return
		}
	}
}
