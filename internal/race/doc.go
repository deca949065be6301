// Package race says whether the race detector watches. It makes everything slow, so
// that searches take a share under it, and those that have one goroutine leave it
// out.
package race
