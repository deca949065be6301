package server

import (
	"os"
	"path/filepath"
	"strings"
)

// npmPrefix marks the Package of a Program that npm has and Debian has not.
const npmPrefix = "npm:"

// Npm returns the program's package of npm, with its version, or "".
func (p Program) Npm() string {
	name, ok := strings.CutPrefix(p.Package, npmPrefix)
	if !ok {
		return ""
	}
	return name
}

// Remedy says how to get the program.
func (p Program) Remedy() string {
	if p.Npm() != "" {
		return ".ci/npm installs it"
	}
	return "apt-get install " + p.Package
}

// NpmDirectory returns where .ci/npm installs packages. Other users may read what
// root has there.
func NpmDirectory() string {
	cache, err := os.UserCacheDir()
	if err != nil || os.Getuid() == 0 {
		cache = "/var/cache"
	}
	return filepath.Join(cache, "factor-dbtest")
}

var npmPlaces = []string{filepath.Join(NpmDirectory(), "node_modules", ".bin")}
