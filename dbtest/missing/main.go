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
	flag.Parse()
	missing, err := server.Missing()
	if err != nil {
		log.Fatal(err)
	}
	lines := tests(missing)
	if *packages {
		lines = debian(missing)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}

// tests says for each program what is not run without it.
func tests(missing []server.Program) (lines []string) {
	for _, p := range missing {
		lines = append(lines, fmt.Sprintf("%s is missing (apt-get install %s). NOT RUN: %s", p.Name, p.Package, p.Tests))
	}
	return lines
}

// debian returns the packages that have the programs, each once.
func debian(missing []server.Program) (packages []string) {
	for _, p := range missing {
		packages = append(packages, p.Package)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}
