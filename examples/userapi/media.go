package main

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// checkMedia returns 406 if the client accepts none of the operation's media types,
// and 415 if the body has another type than the operation takes.
func checkMedia(r *http.Request, op *operation) error {
	if !accepts(r.Header.Values("Accept"), op.gives) {
		return refuse(http.StatusNotAcceptable, "not-acceptable", "Accept "+strings.Join(op.gives, " or ")+".").header("Accept")
	}
	if len(op.takes) == 0 {
		return nil
	}
	contentType, _ := once(r, "Content-Type")
	if !slices.ContainsFunc(op.takes, func(want string) bool { return isMedia(contentType, want) }) {
		return refuse(http.StatusUnsupportedMediaType, "unsupported-media", "Send a body of Content-Type "+strings.Join(op.takes, " or ")+".").header("Content-Type")
	}
	if coding, given := once(r, "Content-Encoding"); given && !strings.EqualFold(coding, "identity") {
		return refuse(http.StatusUnsupportedMediaType, "unsupported-media", "Send the body as it is, in no Content-Encoding.").header("Content-Encoding")
	}
	return nil
}

// once returns the value of a header, or "" if it is given more than once.
func once(r *http.Request, name string) (value string, given bool) {
	values := r.Header.Values(name)
	if len(values) == 1 {
		value = values[0]
	}
	return value, len(values) > 0
}

// isMedia reports whether a Content-Type is the wanted media type. JSON may say
// that it is UTF-8. JSON:API forbids parameters except ext, of which this server
// has none, and profile, which it ignores.
func isMedia(contentType, want string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != want {
		return false
	}
	for name, value := range params {
		utf8 := want == jsonType && name == "charset" && strings.EqualFold(value, "utf-8")
		if !utf8 && !(want == jsonAPI && name == "profile") {
			return false
		}
	}
	return true
}

// accepts reports whether an Accept header allows one of the offered media types.
// No header allows all.
func accepts(header []string, offers []string) bool {
	ranges := strings.Join(header, ",")
	if ranges == "" {
		return true
	}
	for _, offer := range offers {
		if quality(ranges, offer) > 0 {
			return true
		}
	}
	return false
}

// quality returns the quality that the most specific matching range gives an offer
// (RFC 9110 §12.5.1); 0 refuses it.
func quality(ranges, offer string) float64 {
	kind, _, _ := strings.Cut(offer, "/")
	best, found := 0.0, -1
	for text := range strings.SplitSeq(ranges, ",") {
		media, params, err := mime.ParseMediaType(text)
		if err != nil {
			continue
		}
		q := 1.0
		if given, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(given, 64); err != nil {
				continue
			}
			delete(params, "q")
		}
		specific := -1
		switch {
		case media == "*/*":
			specific = 0
		case media == kind+"/*":
			specific = 1
		case isMedia(mime.FormatMediaType(media, params), offer):
			specific = 2
		}
		if specific > found {
			best, found = q, specific
		}
	}
	return best
}
