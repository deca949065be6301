package storetest_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/knowhave/factor"
)

// listing returns a maker of tables whose List is another.
func listing(list func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error)) func() factor.Store {
	return func() factor.Store { return &otherList{newTable(), list} }
}

type otherList struct {
	*table
	list func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error)
}

func (s *otherList) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	return s.list(s.table, ctx, after, due, limit)
}

var listDefects = []defect{
	{"List cached until a user is added", "RandomOperationsAgreeWithAMap", func() factor.Store {
		return &cachedList{table: newTable(), pages: make(map[string][]string)}
	}},
	{"List in the order of insertion", "ListPagesInByteOrder", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		all, err := s.List(ctx, after, due, len(s.rows))
		place := func(user string) int { return s.find(user) }
		slices.SortFunc(all, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
		return all[:min(limit, len(all))], err
	})},
	{"List in a dictionary's order", "ListPagesInByteOrder", with(func(s *table) {
		s.order = func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
		}
	})},
	{"List in the order of UTF-16", "ListPagesInByteOrder", with(func(s *table) {
		s.order = func(a, b string) int { return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))) }
	})},
	{"List begins with the given user", "ListStartsAfterTheGiven", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		page, err := s.List(ctx, after, due, limit)
		if s.find(after) >= 0 {
			page = append([]string{after}, page...)
		}
		return page[:min(limit, len(page))], err
	})},
	{"List needs the given user to exist", "ListStartsAfterTheGiven", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		if after != "" && s.find(after) < 0 {
			return nil, ctx.Err()
		}
		return s.List(ctx, after, due, limit)
	})},
	{"List without a limit", "ListPagesInByteOrder", listing(func(s *table, ctx context.Context, after string, due time.Time, _ int) ([]string, error) {
		return s.List(ctx, after, due, len(s.rows))
	})},
	{"List cut off at ten", "ListPagesInByteOrder", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		return s.List(ctx, after, due, min(limit, 10))
	})},
	{"limit counted before the due are chosen", "ListPagesTheDue", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		page, err := s.List(ctx, after, time.Time{}, limit)
		return slices.DeleteFunc(page, func(user string) bool {
			at := s.rows[s.find(user)].due
			return !due.IsZero() && (at == 0 || at > due.UnixMilli())
		}), err
	})},
	{"due users in the order of their Due", "ListPagesTheDue", listing(func(s *table, ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
		page, err := s.List(ctx, after, due, limit)
		if !due.IsZero() {
			slices.SortStableFunc(page, func(a, b string) int {
				return cmp.Compare(s.rows[s.find(a)].due, s.rows[s.find(b)].due)
			})
		}
		return page, err
	})},
}

// cachedList keeps its pages until a user is added.
type cachedList struct {
	*table
	pages map[string][]string
	users int
}

func (s *cachedList) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if !due.IsZero() || ctx.Err() != nil {
		return s.table.List(ctx, after, due, limit)
	}
	if s.users < len(s.rows) {
		s.users = len(s.rows)
		clear(s.pages)
	}
	key := fmt.Sprint(after, "/", limit)
	if _, ok := s.pages[key]; !ok {
		s.pages[key], _ = s.table.List(ctx, after, due, limit)
	}
	return s.pages[key], nil
}
