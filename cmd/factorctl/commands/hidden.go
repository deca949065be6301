package commands

import (
	"regexp"
	"strings"
)

// hidden are the texts that nothing prints.
type hidden []string

func (h *hidden) add(secrets ...string) {
	for _, s := range secrets {
		if s != "" {
			*h = append(*h, s)
		}
	}
}

// Passwords as they stand in data source names, also in one that was mistyped.
var (
	inURL   = regexp.MustCompile(`(://[^/\s:@]*:)\S*@`)
	inMySQL = regexp.MustCompile(`([^\s:@"]+:)\S*(@\w*\()`)
	inPairs = regexp.MustCompile(`(?i)(password\s*=\s*)('[^']*'|\S+)`)
)

// in returns a text with xxxxx in the place of each secret.
func (h hidden) in(text string) string {
	for _, secret := range h {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	text = inURL.ReplaceAllString(text, "${1}xxxxx@")
	text = inMySQL.ReplaceAllString(text, "${1}xxxxx$2")
	return inPairs.ReplaceAllString(text, "${1}xxxxx")
}

// withoutValue cuts the value of a flag off the text about it.
func withoutValue(text string) string {
	before, _, _ := strings.Cut(text, "=")
	return before
}

// reason is how the text of an error is printed.
func (a *app) reason(text string) string {
	return a.hidden.in(strings.TrimPrefix(text, "factor: "))
}
