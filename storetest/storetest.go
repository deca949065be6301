// Package storetest checks that a factor.Store keeps its contract. A store of
// your own is tested like this:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) factor.Store {
//			db := openEmptyDatabase(t) // closed with t.Cleanup
//			return mystore.New(db)
//		})
//	}
//
// Each clause of the contract is a subtest with an empty store of its own, and
// a failure states the rule that was broken. Run the tests with the race
// detector as well: a store that hands out a shared buffer is often caught only
// by it. The flags of pgregory.net/rapid, -rapid.checks above all, say how many
// random sequences are tried.
//
// Beside the clauses about single calls, the suite lets many callers work at once,
// cancels them under way, and runs the library itself over the store: a code is
// accepted once and the limit of guesses holds, whoever calls in parallel. What a
// store may have beyond the contract is checked where it is there, and skipped
// elsewhere: factor.VersionLister, and Interrupter, by which a test of yours lets
// the suite break what the store stands on.
//
// Where the contract leaves a store some freedom, the checks do too, with these
// limits:
//
//   - The store must read what it wrote: one whose Load may lag behind, such as
//     a replica, is tested against its primary.
//   - List returns whole pages: it returns fewer users than the limit only where
//     no more are left.
//   - A store may answer every List as if no due had been given. One that leaves
//     out users who are not due must know each Due to the millisecond.
//   - A List with due may lag. The checks wait up to 10 s until it shows a write.
//
// The suite is one process, so it passes a store whose own mutex guards the swap,
// though two processes would accept one code twice. To see that, return a store
// that spreads its calls over two of yours, open on the same database.
//
// The checks go up to 16 KiB of Data, more than this module writes for a user. One
// run makes some 6,000 swaps, 3,000 of which succeed.
package storetest

import (
	"testing"

	"github.com/knowhave/factor"
)

// Run checks the stores that newStore returns, which must be empty and not
// shared with anything else. It is called once for each subtest, with the
// subtest's own t.
func Run(t *testing.T, newStore func(t *testing.T) factor.Store) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			c.check(&subject{t: t, ctx: t.Context(), store: newStore(t)})
		})
	}
}

// clauses is the contract. The names say what a store must do.
var clauses = []struct {
	name  string
	check func(*subject)
}{
	{"AbsentIsZero", absentIsZero},
	{"FirstSwapNeedsAbsence", firstSwapNeedsAbsence},
	{"StaleVersionChangesNothing", staleVersionChangesNothing},
	{"ZeroNextRemoves", zeroNextRemoves},
	{"ZeroNextFromZeroOnlyChecks", zeroNextFromZeroOnlyChecks},
	{"VersionsKeepEveryBit", versionsKeepEveryBit},
	{"DataComesBackAsStored", dataComesBackAsStored},
	{"DataIsNeverWrittenTo", dataIsNeverWrittenTo},
	{"BuffersDoNotShowThrough", buffersDoNotShowThrough},
	{"UsersAreComparedByteByByte", usersAreComparedByteByByte},
	{"DueIsKeptToTheMillisecond", dueIsKeptToTheMillisecond},
	{"DueIsTheSameInAnyZone", dueIsTheSameInAnyZone},
	{"DueChangesWithTheRecord", dueChangesWithTheRecord},
	{"DueIsRemovedWithTheRecord", dueIsRemovedWithTheRecord},
	{"ListPagesInByteOrder", listPagesInByteOrder},
	{"ListPagesTheDue", listPagesTheDue},
	{"ListStartsAfterTheGiven", listStartsAfterTheGiven},
	{"CancelledContextChangesNothing", cancelledContextChangesNothing},
	{"ParallelSwapsHaveOneWinner", parallelSwapsHaveOneWinner},
	{"ParallelInsertsHaveOneWinner", parallelInsertsHaveOneWinner},
	{"ParallelRemovalsHaveOneWinner", parallelRemovalsHaveOneWinner},
	{"ParallelVersionsFormOneChain", parallelVersionsFormOneChain},
	{"ParallelUsersDoNotMix", parallelUsersDoNotMix},
	{"RandomOperationsAgreeWithAMap", randomOperationsAgreeWithAMap},
	{"CancelledSwapsTellTheTruth", cancelledSwapsTellTheTruth},
	{"ParallelRedemptionsAcceptOne", parallelRedemptionsAcceptOne},
	{"ParallelGuessesKeepTheLimit", parallelGuessesKeepTheLimit},
	{"ParallelAnswersAreAllCounted", parallelAnswersAreAllCounted},
	{"SweepReachesEveryDueUser", sweepReachesEveryDueUser},
	{"VersionsAnswerInTheOrderAsked", versionsAnswerInTheOrderAsked},
	{"VersionsAreTheNewest", versionsAreTheNewest},
	{"VersionsTellUsersApart", versionsTellUsersApart},
	{"VersionsTakeAThousand", versionsTakeAThousand},
	{"InterruptedSwapsTellTheTruth", interruptedSwapsTellTheTruth},
	{"InterruptedCodesAreAcceptedOnce", interruptedCodesAreAcceptedOnce},
	{"InterruptedGuessesStayCounted", interruptedGuessesStayCounted},
}
