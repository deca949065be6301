//go:build !race

package dbtest

// underRace says that the race detector watches, which makes everything slow.
const underRace = false
