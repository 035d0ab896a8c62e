package host

import (
	"strings"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/plugin"
)

// kindError is an error of a kind that its text does not name, because whoever shows it does: the API by its status, an
// error around it by the kind that it has itself.
type kindError struct{ kind, err error }

// Error is the text behind the kinds that it begins with.
func (e *kindError) Error() string {
	text := e.err.Error()
	for {
		was := text
		for _, kind := range []error{ErrBadInput, ErrUnavailable, ErrDenied, ErrNotNow, admin.ErrUnknown, admin.ErrInvalid, admin.ErrRefused, admin.ErrForbidden, admin.ErrUnreached, plugin.ErrNothing} {
			text = strings.TrimPrefix(text, kind.Error()+": ")
		}
		if text == was {
			return text
		}
	}
}

// Unwrap gives the kind and what happened.
func (e *kindError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.kind, e.err}
}

// ofKind says of which kind an error is to whoever asks the API.
func ofKind(kind, err error) error { return &kindError{kind, err} }

// plain is an error for the middle of a sentence whose kind is told at its beginning.
func plain(err error) error { return &kindError{err: err} }
