// Command missing says which programs are missing that tests need, and which tests
// go test leaves out without them. Without -v go test itself says nothing about a
// test that is skipped.
package main

import (
	"flag"
	"fmt"
	"log"
	"slices"

	"github.com/knowhave/factor/dbtest/server"
)

func main() {
	log.SetFlags(0)
	packages := flag.Bool("packages", false, "print only the packages of Debian that have them")
	npm := flag.Bool("npm", false, "print only the packages of npm that have them")
	npmDirectory := flag.Bool("npm-directory", false, "print where tests look for packages of npm")
	flag.Parse()
	missing, err := server.Missing()
	if err != nil {
		log.Fatal(err)
	}
	lines := tests(missing)
	switch {
	case *packages:
		lines = debian(missing)
	case *npm:
		lines = fromNpm(missing)
	case *npmDirectory:
		lines = []string{server.NpmDirectory()}
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}

// tests says for each program what is not run without it.
func tests(missing []server.Program) (lines []string) {
	for _, p := range missing {
		lines = append(lines, fmt.Sprintf("%s is missing (%s). NOT RUN: %s", p.Name, p.Remedy(), p.Tests))
	}
	return lines
}

// debian returns the packages that have the programs, each once.
func debian(missing []server.Program) (packages []string) {
	for _, p := range missing {
		if p.Npm() == "" {
			packages = append(packages, p.Package)
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// fromNpm returns the packages of npm that have the programs, each once.
func fromNpm(missing []server.Program) (packages []string) {
	for _, p := range missing {
		if p.Npm() != "" {
			packages = append(packages, p.Npm())
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}
