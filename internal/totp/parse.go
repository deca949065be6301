package totp

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// otpauthParameters are the parameters of an otpauth URL that are known, and
// whether codes depend on them.
var otpauthParameters = map[string]bool{
	"secret": true, "algorithm": true, "digits": true, "period": true,
	"issuer": false, "image": false, "icon": false, "color": false,
}

// parseURL reads an otpauth URL strictly: it takes or refuses what the URL says, and
// only what the URL leaves out has a default. It ignores the label.
func parseURL(text string) (d Description, reason string) {
	query, reason := otpauthQuery(strings.TrimSpace(text))
	if reason != "" {
		return d, reason
	}
	values, reason := otpauthValues(query)
	if reason != "" {
		return d, reason
	}
	d = Description{Secret: values["secret"], Algorithm: values["algorithm"]}
	if d.Secret == "" {
		return d, "must have a secret: leave the part out for a user who has none"
	}
	if digits, is := values["digits"]; is {
		if d.Digits, _ = strconv.Atoi(digits); d.Digits == 0 {
			return d, refusedDigits
		}
	}
	if period, is := values["period"]; is {
		seconds, _ := strconv.ParseUint(period, 10, 16)
		if d.Period = time.Duration(seconds) * time.Second; d.Period == 0 {
			return d, refusedPeriod
		}
	}
	return d, ""
}

// otpauthQuery returns the query of a URL of the type totp. It takes the URL apart
// itself, because many labels are not escaped: a # in one begins no fragment.
func otpauthQuery(text string) (query, reason string) {
	scheme, rest, is := strings.Cut(text, "://")
	switch {
	case !is:
		return "", "must be an otpauth URL: give a secret without one as Secret"
	case strings.EqualFold(scheme, "otpauth-migration"):
		return "", "must hold one secret: export from the app one at a time, not as otpauth-migration"
	case !strings.EqualFold(scheme, "otpauth"):
		return "", "must begin with otpauth://totp/"
	}
	label, query, _ := strings.Cut(rest, "?")
	if kind, _, _ := strings.Cut(label, "/"); !strings.EqualFold(kind, "totp") {
		return "", "must be of the type totp, not hotp or any other: have the user enrol anew"
	}
	return query, ""
}

// otpauthValues returns the parameters by their names in lower case.
func otpauthValues(query string) (values map[string]string, reason string) {
	values = map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, is := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		name = strings.ToLower(name)
		counts, known := otpauthParameters[name]
		_, twice := values[name]
		switch {
		case err != nil && is:
			return nil, "must have two hex digits after each % in the name of a parameter: a % itself is %25"
		case strings.HasPrefix(name, "amp;"):
			return nil, "must have & between its parameters, not &amp;: it was escaped for HTML"
		case !is && strings.Contains(name, "="):
			return nil, "must not have %3D for the = behind the name of a parameter"
		case !is && !known:
			continue // behind an & in the name of an issuer: pquerna/otp does not escape it
		case !known:
			return nil, unknownParameter(name)
		case twice:
			return nil, fmt.Sprintf("must not give %s twice: leave out the one that is not in use", name)
		}
		if !counts {
			values[name] = value
			continue
		}
		if values[name], reason = otpauthValue(name, value); reason != "" {
			return nil, reason
		}
	}
	return values, ""
}

// otpauthValue reads the value of a parameter that codes depend on.
func otpauthValue(name, escaped string) (value, reason string) {
	if strings.Contains(escaped, "#") {
		return "", fmt.Sprintf("must not have a raw # in its %s: leave out what begins there", name)
	}
	value, err := url.QueryUnescape(escaped)
	if err != nil {
		return "", fmt.Sprintf("must have two hex digits after a %% in its %s", name)
	}
	if value = strings.TrimSpace(value); value == "" && name != "secret" {
		return "", fmt.Sprintf("must have a value for %s: leave the parameter out for its default", name)
	}
	return value, ""
}

// shownParameter is a name that can be no part of a secret worth hiding: the
// shortest secrets in use have 16 letters.
var shownParameter = regexp.MustCompile(`^[a-z_-]{1,12}$`)

func unknownParameter(name string) string {
	const why = ", which may change the codes: leave it out if they do not depend on it"
	if shownParameter.MatchString(name) {
		return "must not have the parameter " + name + why
	}
	return "must not have an unknown parameter" + why
}
