// Package linear makes random histories of many clients that work on one user at
// once. Each has to fit the specification in internal/spec: there must be one order
// of the calls, agreeing with their times, in which a single caller would have got
// all these answers. Finding the order is for a checker such as porcupine, which
// package dbtest drives.
//
// A history has 6 to 8 clients in one or more processes (a Verifier each), 20 to
// 40 calls of the public API on one user, a few calls before to set the scene and
// a few after to look at what is left. The clocks stand still, except between
// the phases of a history, when they jump and all calls have returned. In one of
// three histories those of the processes are up to a minute apart.
//
// In three of four histories the store misbehaves within its contract: a tenth of
// the loads and a tenth of the swaps fail before they are done, a tenth of the
// swaps fail although they are done, some are done only later, some are done and
// answered with ErrConflict (as by a driver that sends a statement twice), and
// some callers give up in the middle. The host's functions fail too. A call that
// is answered with such a fault has an open outcome: it may have happened at any
// time after it was made, or never. Only where none of its swaps was ever applied,
// nor one that it may have shared, it is known to have done nothing.
//
// In every other history the host offers Options.Notify, which fails at times or panics.
// The specification is asked without notices: a write that takes out what was told is a
// step that changes nothing else. What was told is judged when the history is over and a
// last Sweep has met no fault. Every act that was stored for certain was told, by a call
// of Notify that returned nil; nothing was told that cannot have happened; an ID is of one
// act and an act has one ID; and nothing waits. What a call erased may stay untold, and so
// may anything once a Sweep has said that notices were dropped.
//
// Reads are taken for reads of the newest record: a store that serves an older one,
// as a replica may, would have to be asked for its newest.
//
// A right code that fits a secret or a code that nobody was told, by chance, shows
// as a violation that its seed does not bring back: once in ten million
// histories.
//
// There are two ways to run a history. Scheduled runs it in a bubble of
// testing/synctest, where one store call is made at a time and the seed decides
// whose is next, so that the same seed brings the same history back. Free lets
// the clients run as they like; that is for stores that have something of their
// own to get wrong.
package linear
