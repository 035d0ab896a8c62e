// Package account knows who stands behind a handle: pure values, no I/O.
//
// The author's id is the identity; a handle can be given up and taken by somebody else. A handle alone is trusted only
// for an account that was listed without an author's id.
package account

import (
	"errors"
	"fmt"
	"strings"
)

// Account is somebody who may bid.
type Account struct {
	ID       string `json:"id" yaml:"id"`               // ours; stays through changes of the handle
	Handle   string `json:"handle" yaml:"handle"`       // on X, without @
	AuthorID string `json:"author_id" yaml:"author_id"` // on X; may be empty when it is not known yet
	Name     string `json:"name" yaml:"name"`
}

// ErrInvalid says that a list of accounts cannot be used.
var ErrInvalid = errors.New("the list of accounts is not valid")

// Book finds accounts. It does not change; the zero value knows nobody.
type Book struct {
	byAuthor map[string]Account
	byHandle map[string]Account // lower case; accounts without an author's id only
	open     bool
}

// NewBook makes a book of a list. When open is true, everybody else has an account of his own as well, named after the
// author's id.
func NewBook(list []Account, open bool) (*Book, error) {
	b := &Book{byAuthor: map[string]Account{}, byHandle: map[string]Account{}, open: open}
	ids := map[string]bool{}
	for i, a := range list {
		a.Handle = strings.TrimPrefix(a.Handle, "@")
		if err := b.add(a, ids); err != nil {
			return nil, fmt.Errorf("account %d: %w", i+1, err)
		}
	}
	return b, nil
}

func (b *Book) add(a Account, ids map[string]bool) error {
	handle := strings.ToLower(a.Handle)
	_, taken := b.byHandle[handle]
	_, known := b.byAuthor[a.AuthorID]
	switch {
	case a.ID == "":
		return fmt.Errorf("%w: it has no id", ErrInvalid)
	case ids[a.ID]:
		return fmt.Errorf("%w: id %q is there twice", ErrInvalid, a.ID)
	case strings.HasPrefix(a.ID, prefix):
		return fmt.Errorf("%w: id %q begins with %q, which is kept for people who are not listed", ErrInvalid, a.ID, prefix)
	case a.AuthorID == "" && handle == "":
		return fmt.Errorf("%w: %q has neither author_id nor handle; give one", ErrInvalid, a.ID)
	case a.AuthorID == "" && taken:
		return fmt.Errorf("%w: handle %q is there twice", ErrInvalid, a.Handle)
	case a.AuthorID != "" && known:
		return fmt.Errorf("%w: author_id %q is there twice", ErrInvalid, a.AuthorID)
	}
	ids[a.ID] = true
	if a.AuthorID == "" {
		b.byHandle[handle] = a
	} else {
		b.byAuthor[a.AuthorID] = a
	}
	return nil
}

const prefix = "x:"

// Lookup finds the account of an author. The Account has the handle that was asked for.
func (b *Book) Lookup(authorID, handle string) (Account, bool) {
	a, ok := b.byAuthor[authorID]
	if !ok || authorID == "" {
		a, ok = b.byHandle[strings.ToLower(handle)]
	}
	if !ok && b.open && authorID != "" {
		a, ok = Account{ID: prefix + authorID, Name: handle}, true
	}
	if !ok {
		return Account{}, false
	}
	a.AuthorID = authorID
	if handle != "" {
		a.Handle = handle
	}
	return a, true
}
