package storetest_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/knowhave/factor"
)

// defect is a store that is sound but for one thing, and the clause that must
// catch it.
type defect struct {
	name   string
	clause string
	make   func() factor.Store
}

// with returns a maker of sound tables that f has spoilt.
func with(f func(*table)) func() factor.Store {
	return func() factor.Store {
		s := newTable()
		f(s)
		return s
	}
}

var defects = slices.Concat(userDefects, versionDefects, swapDefects, dataDefects, dueDefects, listDefects,
	inFlightDefects, engineDefects, versionsDefects, interruptDefects)

var userDefects = []defect{
	{"users without regard to case", "UsersAreComparedByteByByte", with(func(s *table) { s.key = strings.ToLower })},
	{"users without trailing spaces", "UsersAreComparedByteByByte", with(func(s *table) {
		s.key = func(user string) string { return strings.TrimRight(user, " ") }
	})},
	{"users cut at 254 bytes", "UsersAreComparedByteByByte", with(func(s *table) {
		s.key = func(user string) string { return user[:min(254, len(user))] }
	})},
	{"users in a normal form", "UsersAreComparedByteByByte", with(func(s *table) {
		s.key = strings.NewReplacer("e\u0301", "é", "o\u0308", "ö").Replace
	})},
	{"users as numbers where they look like one", "UsersAreComparedByteByByte", with(func(s *table) {
		s.key = func(user string) string {
			if n, err := strconv.ParseInt(user, 10, 64); err == nil {
				return strconv.FormatInt(n, 10)
			}
			return user
		}
	})},
	{"users without four-byte characters", "UsersAreComparedByteByByte", with(func(s *table) {
		s.key = func(user string) string {
			return strings.Map(func(r rune) rune {
				if r > 0xffff {
					return '?'
				}
				return r
			}, user)
		}
	})},
	{"absent is an error", "AbsentIsZero", with(func(s *table) {
		s.absent = func() error { return errors.New("no rows in result set") }
	})},
}

var versionDefects = []defect{
	{"versions of 32 bits", "VersionsKeepEveryBit", with(func(s *table) { s.version = func(v int64) int64 { return int64(uint32(v)) } })},
	{"versions as 32-bit floats", "VersionsKeepEveryBit", with(func(s *table) { s.version = func(v int64) int64 { return int64(float32(v)) } })},
	{"versions of 52 bits", "VersionsKeepEveryBit", with(func(s *table) { s.version = func(v int64) int64 { return v & (1<<52 - 1) } })},
}

var dataDefects = []defect{
	{"Data in a reused buffer", "BuffersDoNotShowThrough", func() factor.Store {
		s := newTable()
		var buffer []byte
		s.load = func(data []byte) []byte {
			buffer = append(buffer[:0], data...)
			return buffer
		}
		return s
	}},
	{"Data in a buffer that its size class shares", "BuffersDoNotShowThrough", func() factor.Store {
		s := newTable()
		buffers := make(map[int][]byte)
		s.load = func(data []byte) []byte {
			if buffers[len(data)] == nil {
				buffers[len(data)] = make([]byte, len(data))
			}
			copy(buffers[len(data)], data)
			return buffers[len(data)]
		}
		return s
	}},
	{"Data wiped when the record goes", "DataIsNeverWrittenTo", with(func(s *table) {
		s.load = func(data []byte) []byte { return data }
		s.release = func(data []byte) { clear(data) }
	})},
	{"Data encrypted in place", "DataIsNeverWrittenTo", with(func(s *table) {
		flip := func(data []byte) []byte {
			for i := range data {
				data[i] ^= 0x5a
			}
			return data
		}
		s.store = func(data []byte) []byte { return bytes.Clone(flip(data)) }
		s.load = func(data []byte) []byte { return flip(bytes.Clone(data)) }
	})},
	{"checksum appended to the given slice", "DataIsNeverWrittenTo", with(func(s *table) {
		s.store = func(data []byte) []byte { return bytes.Clone(append(data, 0xcc)) }
		s.load = func(data []byte) []byte { return bytes.Clone(data[:len(data)-1]) }
	})},
	{"Data as text", "DataComesBackAsStored", with(func(s *table) {
		s.store = func(data []byte) []byte { return []byte(strings.ToValidUTF8(string(data), "\ufffd")) }
	})},
	{"Data cut at a NUL", "DataComesBackAsStored", with(func(s *table) {
		s.store = func(data []byte) []byte {
			before, _, _ := bytes.Cut(data, []byte{0})
			return bytes.Clone(before)
		}
	})},
	{"Data padded", "DataComesBackAsStored", with(func(s *table) {
		s.store = func(data []byte) []byte { return append(bytes.Clone(data), make([]byte, -len(data)&15)...) }
	})},
	{"Data cut at 8000 bytes", "DataComesBackAsStored", with(func(s *table) {
		s.store = func(data []byte) []byte { return bytes.Clone(data[:min(8000, len(data))]) }
	})},
}
