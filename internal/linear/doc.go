// Package linear makes random histories of many clients that work on one user at
// once, and compares each with the specification in internal/spec: some order of
// the calls, consistent with their times, must give a single caller all these
// answers. A checker such as porcupine, which package dbtest drives, looks for that
// order.
//
// A history has 6 to 8 clients in one or more processes (a Verifier each), 20 to 40
// calls of the public API on one user, a few calls before them to set the scene and
// a few after to look at the result. The clocks stand still, except between the
// phases of a history, when they jump and all calls have returned. In one of three
// histories the processes' clocks are up to a minute apart.
//
// In three of four histories the store misbehaves within its contract: a tenth of
// the loads and a tenth of the swaps fail before they are done, a tenth of the
// swaps fail although they are done, some are done only later, some are done and
// answered with ErrConflict (as by a driver that sends a statement twice), and some
// callers give up in the middle. The host's functions fail too. A call with such a
// fault as its answer has an open outcome: it may have happened at any time after
// it was made, or never. It is known to have done nothing only if none of its
// swaps, nor one that it may have shared, was ever applied.
//
// In every other history the host offers Options.Notify, which sometimes fails or
// panics. The specification then runs without notices: a write that removes told
// notices is a step that changes nothing else. When the history is over and a last
// Sweep has met no fault, these rules hold: Notify returned nil for every act that
// was stored for certain; nothing was told that cannot have happened; an ID is of
// one act and an act has one ID; and no notice waits. Notices that a call erased
// may stay untold, and so may any once a Sweep has reported dropped notices.
//
// Reads count as reads of the newest record. A store that serves older ones, as a
// replica may, must be read from its newest state.
//
// A right code that fits a secret or code that nobody was told, by chance, shows as
// a violation that its seed does not reproduce: once in ten million histories.
//
// There are two ways to run a history. Scheduled runs it in a bubble of
// testing/synctest, makes one store call at a time and draws the next from the
// seed, so that the same seed reproduces the history. Free lets the clients run on
// their own; it is for stores that may have errors of their own.
package linear
