// Package adversary asks whether the rules keep the promises. Every other check asks
// whether the code keeps the rules.
//
// It plays against the specification in internal/spec, whose states are values: a search
// goes breadth first through everything that somebody can do, move by move, and keeps
// the places that it has come to. The first way on which it reaches something that a
// promise excludes is a shortest one, and is told in words. If it reaches none, there is
// none of so many moves: nothing is drawn at random.
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
// TestPromisesHold shows that the rules of the specification keep the promises, to the
// depth that it names. testdata/drafts.txt tells by which moves rules that were found wrong
// break them: those of version 0.1, and drafts of the ones that mend them, which are not to
// be built again. testdata/allowed.txt tells what the rules allow all the same. TestFaultsOfDrafts
// and TestWhatTheRulesAllow find these ways anew. This searches one move deeper,
// or only for one adversary:
//
//	go test -v -run TestPromisesHold ./internal/adversary -timeout 0 -adversary.deeper 1
//	go test -v -run 'TestPromisesHold/an_outsider' ./internal/adversary -timeout 0 -adversary.deeper 3
//
// Each move more makes two to six times as many places. Those of the last two moves are
// in memory, of 2 KB each.
//
// # To add an adversary
//
// Write it beside those that are there: the options, what the user's life was, who knows what, and
// the moves of each. Options should be small, so that few moves reach a limit. A new
// ability of the library wants a function in moves.go that offers it with each
// credential that somebody holds, and, if it draws something, a line in drawnBy and
// draw. Then name it in kept in the test with the promises that it must not break. If one
// is broken, read the story: the rules, the promise or the user's own moves are wrong.
//
// # To add a promise
//
// Write it beside those that are there. Broken looks at one step: who did what, in which world, and
// what came of it. What it has to know of earlier steps goes into Past, by Note; keep
// that small, since places that differ in it are searched apart. A promise needs
// rules in drafts that break it, or nobody knows that it can be broken.
//
// # To mend a rule
//
// Change it in the specification, and keep the old one in rules_test.go: a [Next] that
// makes of the specification's step what the old rule would have made of it. Under it
// drafts goes on finding the way, and the adversary joins kept with the promise.
//
// # What it cannot see
//
// One user, a few credentials, one at a time in a proof but for the guard's, moves of so
// small a depth, and clocks of a few steps. Calls come one after the other: what may
// happen between a load and a swap is for internal/explore. A host function that calls
// back is a call before, or, of Wipe, between the mark and the end of the wipe. A guess
// is never right: how likely it is stands in the guess table of SECURITY.md, and a guess
// counts as judged if it would have been accepted, had it been right.
package adversary
