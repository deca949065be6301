package systemtest

import (
	"encoding/xml"
	"strings"
	"testing"
)

// TestPicturesCanBeReadAloudAndInTheDark demands of each drawing a title and a
// description, which a screen reader reads, and colours for a dark background.
func TestPicturesCanBeReadAloudAndInTheDark(t *testing.T) {
	seen := 0
	walk(t, func(name string) {
		if !strings.HasSuffix(name, ".svg") {
			return
		}
		seen++
		var picture struct {
			Title string `xml:"title"`
			Desc  string `xml:"desc"`
			Style string `xml:"style"`
		}
		if err := xml.Unmarshal([]byte(readFile(t, name)), &picture); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if picture.Title == "" || picture.Desc == "" || !strings.Contains(picture.Style, "prefers-color-scheme: dark") {
			t.Errorf("%s has no title, no desc or no style for prefers-color-scheme: dark", name)
		}
	})
	if seen == 0 {
		t.Error("no drawing was found")
	}
}
