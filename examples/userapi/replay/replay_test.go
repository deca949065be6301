package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryDocumentedStatusIsReplayed compares the list with the README's table
// of the described operations.
func TestEveryDocumentedStatusIsReplayed(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	replayed := map[string]bool{}
	for _, e := range slices.Concat(documented(), withoutSkip) {
		request, _, _ := strings.Cut(e.request, "?")
		replayed[fmt.Sprintf("%s %d", request, e.want.status)] = true
	}
	table, _, _ := strings.Cut(string(readme), "this example adds its own")
	rows := regexp.MustCompile("(?m)^\\| `([A-Z]+ /[a-z/-]+).*$").FindAllStringSubmatch(table, -1)
	if len(rows) != 5 {
		t.Fatalf("%d operations are documented: %q", len(rows), rows)
	}
	for _, row := range rows {
		statuses := append(regexp.MustCompile(`\b[2-5][0-9][0-9]\b`).FindAllString(row[0], -1), "401")
		if strings.HasPrefix(row[1], "POST ") {
			statuses = append(statuses, "415")
		}
		for _, status := range statuses {
			if !replayed[row[1]+" "+status] {
				t.Errorf("%s is documented to answer %s, which is not replayed", row[1], status)
			}
		}
	}
}

var tokens = []string{"-token", "a", "-newcomer", "b", "-unlinked", "c", "-reset", "d"}

// TestAnotherAnswerIsSeen: a service that answers anything else fails.
func TestAnotherAnswerIsSeen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer server.Close()
	var out, log bytes.Buffer
	err := run(append([]string{"-base", server.URL}, tokens...), &out, &log)
	if n := len(documented()); err == nil || err.Error() != fmt.Sprintf("%d of %d answers are not as documented", n, n) {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if err := run([]string{"-base", server.URL, "-token", "a"}, &out, &log); err == nil || !strings.Contains(err.Error(), "-newcomer") {
		t.Fatalf("without the tokens: %v", err)
	}
}

// TestAnswerIsComparedAsAWhole spoils one thing of a right answer at a time.
func TestAnswerIsComparedAsAWhole(t *testing.T) {
	right := `{"otp":"012345","expiresAt":"2021-04-12T23:20:50.52Z"}`
	answer := func(status int, media, id, text string) error {
		header := http.Header{"Content-Type": {media}, "Request-Id": {id}, "Cache-Control": {"no-store"}}
		_, err := issued.compare(&http.Response{StatusCode: status, Header: header}, []byte(text))
		return err
	}
	if err := answer(201, jsonType, "x", right); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"status":          answer(200, jsonType, "x", right),
		"media type":      answer(201, jsonAPI, "x", right),
		"header":          answer(201, jsonType, "", right),
		"no body":         answer(201, jsonType, "x", ""),
		"no JSON":         answer(201, jsonType, "x", right[1:]),
		"another member":  answer(201, jsonType, "x", strings.Replace(right, "{", `{"kind":"account",`, 1)),
		"a member less":   answer(201, jsonType, "x", `{"otp":"012345"}`),
		"other letters":   answer(201, jsonType, "x", strings.Replace(right, "otp", "OTP", 1)),
		"form of a code":  answer(201, jsonType, "x", strings.Replace(right, "012345", "12345", 1)),
		"form of a time":  answer(201, jsonType, "x", strings.Replace(right, "50.52Z", "50.520001Z", 1)),
		"form of a zone":  answer(201, jsonType, "x", strings.Replace(right, "50.52Z", "50.52+00:00", 1)),
		"an inner member": answer(201, jsonType, "x", strings.Replace(right, `"012345"`, `{"code":"012345"}`, 1)),
	} {
		if err == nil {
			t.Errorf("another %s is taken", name)
		}
	}
}
