package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"net/http"
	"strings"
)

// bearer returns the user of the caller's token.
func (a *api) bearer(r *http.Request) (string, error) {
	token, ok := bearerToken(r)
	if !ok {
		return "", errNoToken
	}
	user, err := a.users.byToken(r.Context(), token)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNoToken
	}
	if err != nil {
		return "", err
	}
	return user, a.needsIdentity(r, user, errUnlinkedToken)
}

// needsIdentity returns refused if the user has no linked identity.
func (a *api) needsIdentity(r *http.Request, user string, refused error) error {
	linked, err := a.users.linked(r.Context(), user)
	if err == nil && !linked {
		return refused
	}
	return err
}

// identityProvider admits a caller with the identity provider's token, and returns
// the user that its User-Id header names. It refuses users' tokens.
func (a *api) identityProvider(r *http.Request) (string, error) {
	token, ok := bearerToken(r)
	given := sha256.Sum256([]byte(token))
	if !ok || subtle.ConstantTimeCompare(given[:], a.resetSecret[:]) != 1 {
		return "", errNoToken
	}
	named, _ := once(r, "User-Id")
	if named == "" {
		return "", &badInput{&source{Header: "User-Id"}, "One User-Id header must name the user."}
	}
	user, err := a.users.byID(r.Context(), named)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errUnknownUser
	}
	if err != nil {
		return "", err
	}
	return user, a.needsIdentity(r, user, errUnlinkedUser)
}

// bearerToken returns the token of RFC 6750 §2.1.
func bearerToken(r *http.Request) (string, bool) {
	authorization, _ := once(r, "Authorization")
	scheme, token, ok := strings.Cut(authorization, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
