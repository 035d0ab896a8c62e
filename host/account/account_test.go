package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/account"
)

func TestLookup(t *testing.T) {
	list := []account.Account{{ID: "ann", Handle: "@Ann_ETH", Name: "Ann"}, {ID: "bob", Handle: "bob", AuthorID: "77"}}
	cases := []struct {
		why, author, handle string
		open                bool
		want                string // id, or nothing
	}{
		{"by handle, in any case", "5", "ANN_eth", false, "ann"},
		{"by handle, without an author's id", "", "ann_eth", false, "ann"},
		{"by author", "77", "bob", false, "bob"},
		{"by author, with a new handle", "77", "bobby", false, "bob"},
		{"somebody took the handle of an author", "78", "bob", false, ""},
		{"somebody took the handle of an author, in an open house", "78", "bob", true, "x:78"},
		{"a stranger", "9", "cid", false, ""},
		{"a stranger in an open house", "9", "cid", true, "x:9"},
		{"nobody at all, in an open house", "", "cid", true, ""},
		{"the handle of a stranger who is called like an id", "9", "x:77", false, ""},
	}
	for _, c := range cases {
		b, err := account.NewBook(list, c.open)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := b.Lookup(c.author, c.handle)
		if ok != (c.want != "") || a.ID != c.want {
			t.Errorf("%s: %+v, %v; want %q", c.why, a, ok, c.want)
		}
		if ok && (a.Handle != c.handle || a.AuthorID != c.author) {
			t.Errorf("%s: the account is %+v; want it under the author and handle that were asked for", c.why, a)
		}
	}
	var none account.Book
	if _, ok := none.Lookup("1", "ann"); ok {
		t.Error("an empty book knows somebody")
	}
}

func TestNewBookRefuses(t *testing.T) {
	ann := account.Account{ID: "ann", Handle: "ann"}
	cases := map[string]account.Account{
		"has no id":         {Handle: "bob"},
		`id "ann" is there`: {ID: "ann", Handle: "bob"},
		"kept for people":   {ID: "x:1", Handle: "bob"},
		"give one":          {ID: "bob"},
		`handle "@ANN"`:     {ID: "bob", Handle: "@ANN"},
	}
	for says, bad := range cases {
		_, err := account.NewBook([]account.Account{ann, bad}, false)
		says = strings.ReplaceAll(says, "@", "")
		if !errors.Is(err, account.ErrInvalid) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "account 2") {
			t.Errorf("%+v: %v; want an error about account 2 that says %s", bad, err, says)
		}
	}
	if _, err := account.NewBook([]account.Account{{ID: "a", AuthorID: "1"}, {ID: "b", AuthorID: "1"}}, false); !errors.Is(err, account.ErrInvalid) {
		t.Errorf("one author twice: %v", err)
	}
}
