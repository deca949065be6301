package main

import "testing"

func TestAccepts(t *testing.T) {
	both := []string{jsonType, jsonAPI}
	for _, c := range []struct {
		header []string
		offers []string
		want   bool
	}{
		{nil, both, true},
		{[]string{""}, both, true},
		{[]string{"*/*"}, both, true},
		{[]string{"text/html, */*;q=0.1"}, both, true},
		{[]string{"application/*"}, both, true},
		{[]string{"text/*"}, both, false},
		{[]string{"text/html", "application/json"}, both, true},
		{[]string{"application/json"}, []string{jsonAPI}, false},
		{[]string{"APPLICATION/VND.API+JSON"}, []string{jsonAPI}, true},
		// The most specific range counts, wherever it stands.
		{[]string{"application/json;q=0, */*"}, []string{jsonType}, false},
		{[]string{"*/*, application/json;q=0"}, []string{jsonType}, false},
		{[]string{"*/*;q=0, application/json"}, []string{jsonType}, true},
		{[]string{"application/*;q=0, */*"}, both, false},
		{[]string{"application/json;q=0, */*"}, both, true},
		// JSON:API in a variant that is not spoken here.
		{[]string{"application/vnd.api+json; version=1"}, []string{jsonAPI}, false},
		{[]string{"application/vnd.api+json; ext=\"x\""}, []string{jsonAPI}, false},
		{[]string{"application/vnd.api+json; ext=\"x\", application/vnd.api+json"}, []string{jsonAPI}, true},
		{[]string{"application/vnd.api+json; profile=\"x\""}, []string{jsonAPI}, true},
		{[]string{"application/json; charset=utf-8"}, []string{jsonType}, true},
		{[]string{"application/json;q=high"}, []string{jsonType}, false},
		{[]string{"application/json;q=NaN"}, []string{jsonType}, false},
		{[]string{"application/json;q=-1"}, []string{jsonType}, false},
		{[]string{"nonsense"}, both, false},
		{[]string{","}, both, false},
	} {
		if got := accepts(c.header, c.offers); got != c.want {
			t.Errorf("Accept %q for %v: %t, want %t", c.header, c.offers, got, c.want)
		}
	}
}
