//go:build race

package adversary

// shallower is how many moves less TestPromisesHold searches under the race detector,
// which makes each ten times as slow. The search has but one goroutine.
const shallower = 2
