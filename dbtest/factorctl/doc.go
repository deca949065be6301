// Package factorctl tests the built program factorctl on every database, and that it
// installs from outside the repository.
package factorctl
