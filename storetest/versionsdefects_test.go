package storetest_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/knowhave/factor"
)

// versions is Versions as it should be.
func (s *table) versions(ctx context.Context, users []string) ([]int64, error) {
	if err := s.context(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := make(map[string]int64, len(s.rows))
	for _, r := range s.rows {
		of[r.user] = r.version
	}
	versions := make([]int64, len(users))
	for i, user := range users {
		versions[i] = of[s.key(user)]
	}
	return versions, nil
}

// versioned returns a maker of tables with a Versions of their own.
func versioned(versions func(s *table, ctx context.Context, users []string) ([]int64, error)) func() factor.Store {
	return func() factor.Store { return &otherVersions{newTable(), versions} }
}

type otherVersions struct {
	*table
	of func(s *table, ctx context.Context, users []string) ([]int64, error)
}

func (s *otherVersions) Versions(ctx context.Context, users []string) ([]int64, error) {
	return s.of(s.table, ctx, users)
}

var versionsDefects = []defect{
	{"Versions in the order of the table", "VersionsAnswerInTheOrderAsked", versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
		return s.versions(ctx, slices.Sorted(slices.Values(users)))
	})},
	{"Versions sorts what it is given", "VersionsAnswerInTheOrderAsked", versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
		versions, err := s.versions(ctx, users)
		slices.Sort(users)
		return versions, err
	})},
	{"Versions leaves out who is absent", "VersionsAnswerInTheOrderAsked", versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
		versions, err := s.versions(ctx, users)
		return slices.DeleteFunc(versions, func(version int64) bool { return version == 0 }), err
	})},
	{"Versions from a cache", "VersionsAreTheNewest", func() factor.Store {
		cache := make(map[string]int64)
		return versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
			versions, err := s.versions(ctx, users)
			for i, user := range users {
				if cache[user] == 0 && err == nil {
					cache[user] = versions[i]
				}
				if err == nil {
					versions[i] = cache[user]
				}
			}
			return versions, err
		})()
	}},
	{"Versions without a look at the context", "VersionsAreTheNewest", versioned(func(s *table, _ context.Context, users []string) ([]int64, error) {
		return s.versions(context.Background(), users)
	})},
	{"Versions without regard to case", "VersionsTellUsersApart", versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
		all, err := s.List(ctx, "", time.Time{}, len(s.rows))
		if err != nil {
			return nil, err
		}
		stored, err := s.versions(ctx, all)
		of := make(map[string]int64)
		for i, user := range all {
			of[strings.ToLower(user)] = stored[i]
		}
		versions := make([]int64, len(users))
		for i, user := range users {
			versions[i] = of[strings.ToLower(user)]
		}
		return versions, err
	})},
	{"Versions of the first 500 only", "VersionsTakeAThousand", versioned(func(s *table, ctx context.Context, users []string) ([]int64, error) {
		versions, err := s.versions(ctx, users[:min(500, len(users))])
		return append(versions, make([]int64, len(users)-len(versions))...), err
	})},
}
