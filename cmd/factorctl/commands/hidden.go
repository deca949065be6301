package commands

import (
	"regexp"
	"strings"
)

// hidden holds the texts that no output may contain.
type hidden []string

func (h *hidden) add(secrets ...string) {
	for _, s := range secrets {
		if s != "" {
			*h = append(*h, s)
		}
	}
}

// Passwords in data source names, including mistyped ones.
var (
	inURL   = regexp.MustCompile(`(://[^/\s:@]*:)\S*@`)
	inMySQL = regexp.MustCompile(`([^\s:@"]+:)\S*(@\w*\()`)
	inPairs = regexp.MustCompile(`(?i)(password\s*=\s*)('[^']*'|\S+)`)
)

// in returns a text with xxxxx in place of each secret.
func (h hidden) in(text string) string {
	for _, secret := range h {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	text = inURL.ReplaceAllString(text, "${1}xxxxx@")
	text = inMySQL.ReplaceAllString(text, "${1}xxxxx$2")
	return inPairs.ReplaceAllString(text, "${1}xxxxx")
}

// withoutValue cuts a flag's value off an error text about the flag.
func withoutValue(text string) string {
	before, _, _ := strings.Cut(text, "=")
	return before
}

// reason returns an error's text as factorctl prints it.
func (a *app) reason(text string) string {
	return a.hidden.in(strings.TrimPrefix(text, "factor: "))
}
