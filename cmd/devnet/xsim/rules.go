package xsim

import (
	"fmt"
	"strings"
)

// Rule is a rule of the filtered stream.
type Rule struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// checkRule refuses what this simulator (or X) does not understand.
func checkRule(value string) error {
	if value == "" || len(value) > 1024 {
		return fmt.Errorf("a rule has 1 to 1024 characters")
	}
	positive := false
	for _, term := range strings.Fields(value) {
		t, negative := strings.CutPrefix(term, "-")
		positive = positive || !negative
		name, _, operator := strings.Cut(t, ":")
		switch {
		case !operator:
		case name == "from", t == "is:retweet", t == "is:reply", t == "is:quote", name == "lang":
		default:
			return fmt.Errorf("reference to invalid operator '%s'. Operator is not available in this simulator", name)
		}
	}
	if !positive {
		return fmt.Errorf("a rule needs at least one term that is not negated")
	}
	return nil
}

// matches reports whether a post is what a rule asks for: all its terms must hold.
func (r Rule) matches(p Post) bool {
	for _, term := range strings.Fields(r.Value) {
		t, negative := strings.CutPrefix(term, "-")
		if termHolds(t, p) == negative {
			return false
		}
	}
	return true
}

func termHolds(t string, p Post) bool {
	name, value, _ := strings.Cut(t, ":")
	switch {
	case strings.HasPrefix(t, "@"):
		return mentions(p.Text, t[1:])
	case name == "from":
		return strings.EqualFold(strings.TrimPrefix(value, "@"), p.Author.Username)
	case t == "is:reply":
		return p.ReplyTo != ""
	case t == "is:retweet", t == "is:quote":
		return false // nobody here does either
	case name == "lang":
		return true
	}
	return strings.Contains(lower(p.Text), lower(t))
}
