// Package systemtest holds the tests of the library as a whole: it runs the
// checks of the packages beside it (model, explore, threats, spec) against
// package factor on a store in memory, and it compares the sources and the
// documentation with each other.
package systemtest
