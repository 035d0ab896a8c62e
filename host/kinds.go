package host

import (
	"errors"
	"fmt"
)

// Error is of a kind that its text does not name, because whoever shows it does: the API by its status, a command as
// Explain has it, and an error around it by the kind that it has itself.
type Error struct {
	Kind error // such as ErrBadInput
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the kind and what happened.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Err} }

// Explain is an error in words for a person: its kind, if it has one, and what happened.
func Explain(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind.Error() + ": " + err.Error()
	}
	return err.Error()
}

// ofKind gives an error a kind, in the place of the one that it has.
func ofKind(kind, err error) error { return &Error{kind, err} }

// failf makes an error of a kind.
func failf(kind error, format string, args ...any) error {
	return &Error{kind, fmt.Errorf(format, args...)}
}
