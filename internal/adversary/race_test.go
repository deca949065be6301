//go:build race

package adversary

// shallower is the number of moves less that TestPromisesHold searches under the
// race detector, which makes each ten times as slow. The search has only one
// goroutine.
const shallower = 2
