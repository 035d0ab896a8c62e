package xapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ErrUnsent marks a write that did not reach X and may be sent again.
var ErrUnsent = errors.New("the request did not reach X")

// Problem is what X says about an error.
type Problem struct {
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Type       string `json:"type"`
	Message    string `json:"message"`
	Disconnect string `json:"disconnect_type"`
}

func (p Problem) String() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{p.Title, p.Detail, p.Message} {
		if s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// APIError is an answer of X that is not what was asked for.
type APIError struct {
	Endpoint string // such as "POST /2/tweets"
	Code     int
	Problem  Problem
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("%s: X answered %d %s", e.Endpoint, e.Code, http.StatusText(e.Code))
	p := e.Problem
	if p.Title == http.StatusText(e.Code) {
		p.Title = ""
	}
	if text := p.String(); text != "" {
		s += ": " + text
	}
	switch e.Code {
	case http.StatusUnauthorized:
		s += " (check the credentials of the app and of the account)"
	case http.StatusForbidden:
		s += " (check that the app may read and write, and that its plan includes this endpoint)"
	}
	return s
}

// RateError says that X takes no more calls of this kind for now.
type RateError struct {
	Endpoint string
	Until    time.Time
	Known    bool // Until is X's word, not a guess
}

func (e *RateError) Error() string {
	return fmt.Sprintf("%s: limited by X until %s", e.Endpoint, e.Until.UTC().Format(time.RFC3339))
}

// RetryAt is when the call may be made again.
func (e *RateError) RetryAt() time.Time { return e.Until }

// unsentError is a write that did not leave.
type unsentError struct{ cause error }

func (e *unsentError) Error() string   { return ErrUnsent.Error() + ": " + e.cause.Error() }
func (e *unsentError) Unwrap() []error { return []error{ErrUnsent, e.cause} }

// RetryAt is the zero time: whenever the caller likes.
func (e *unsentError) RetryAt() time.Time { return time.Time{} }

// disconnectError is X ending the stream with a word inside it.
type disconnectError struct{ problem Problem }

func (e *disconnectError) Error() string {
	return "X ended the stream: " + e.problem.String()
}

// errSilent ends a stream that sends nothing, not even keep-alives.
var errSilent = errors.New("the stream fell silent")
