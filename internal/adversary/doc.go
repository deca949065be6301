// Package adversary asks whether the rules keep the promises. Every other check
// asks whether the code keeps the rules.
//
// It plays against the specification in internal/spec, whose states are values: a
// search goes breadth first through everything that somebody can do, move by move,
// and keeps the places it has reached. The first way to something that a promise
// excludes is a shortest one, and is told in words. If the search finds none, there
// is none of that many moves: nothing is random.
//
//	knowledge.go            what somebody knows: PINs, codes, secrets, the mailbox
//	world.go                a place of the search, and how an act leads to the next
//	mail.go                 how a call tells the user, and a Sweep all users
//	moves.go                what somebody can try, given what they know
//	moves_changed.go        the same on another node, unheard, on a view, or with a wipe that fails
//	purposes.go             what codes are mailed for
//	adversaries.go          what an adversary is
//	adversaries_thieves.go  those who know something
//	adversaries_age.go      those who are against a minimum age
//	adversaries_mail.go     those who want that the user hears nothing, or nobody is wiped
//	adversaries_purposes.go those who have codes mailed for one purpose or for many
//	adversaries_recovery.go those who have a list of recovery codes, or guess at it
//	adversaries_service.go  those who make something fail, or have it answer elsewhere
//	promises.go             what a promise is, and what it remembers
//	promise_guard.go        those about resets and wipes
//	promise_codes.go        those about what is accepted once, or no more
//	promise_notices.go      those about what the user hears of
//	promise_purposes.go     those about what a code was mailed for
//	promise_guesses.go      those about guesses, locks and intervals
//	search.go               the search
//	story.go                a sequence of moves in words
//
// # What it found
//
// TestPromisesHold shows that the specification's rules keep the promises, to the
// depth that it names. testdata/drafts.txt tells which moves break rules that were
// found wrong: those of version 0.1, and drafts of their replacements. Do not build
// these again. testdata/allowed.txt tells what the rules allow all the same.
// TestFaultsOfDrafts and TestWhatTheRulesAllow find these ways again. This searches
// one move deeper, or only for one adversary:
//
//	go test -v -run TestPromisesHold ./internal/adversary -timeout 0 -adversary.deeper 1
//	go test -v -run 'TestPromisesHold/an_outsider' ./internal/adversary -timeout 0 -adversary.deeper 3
//
// Each further move makes two to six times as many places. Those of the last two
// moves are in memory, at 2 KB each.
//
// # To add an adversary
//
// Write it beside the others: the options, the user's life, what each side knows,
// and the moves of each. Keep the options small, so that few moves reach a limit. A
// new ability of the library needs a function in moves.go that offers it with each
// credential that somebody holds, and, if it draws something, a line in drawnBy and
// draw. Then add it to kept in the test, with the promises that it must not break.
// If one breaks, read the story: the rules, the promise or the user's own moves are
// wrong.
//
// # To add a promise
//
// Write it beside the others. Broken looks at one step: who did what, in which
// world, with what outcome. Note puts what Broken needs from earlier steps into
// Past; keep that small, since places that differ in it are searched separately.
// Add rules to drafts that break the promise, or nobody knows that it can be
// broken.
//
// # To mend a rule
//
// Change it in the specification, and keep the old one in rules_test.go: a [Next]
// that turns the specification's step into the old rule's. Under it drafts still
// finds the way, and the adversary joins kept with the promise.
//
// # What it cannot see
//
// There is one user, with few credentials, one at a time in a proof except at the
// guard, few moves, and few clock steps. Calls come one after the other:
// internal/explore covers what happens between a load and a swap. A host function
// that calls back is a call before, or, for Wipe, between the mark and the end of
// the wipe. A guess is never right: the guess table of SECURITY.md gives its odds,
// and a guess counts as judged if it would have been accepted, had it been right.
package adversary
