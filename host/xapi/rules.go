package xapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ruleTag marks the rule that is ours; rules of others on the same app are left alone.
const ruleTag = "sothebais"

type rule struct {
	ID    string `json:"id,omitempty"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

const rulesPath = "/2/tweets/search/stream/rules"

// want is the rule by which the stream brings what is meant for the host.
func (u user) want() string { return "@" + u.Username + " -is:retweet" }

// settleRules makes the stream's rules ours: exactly one, for the account as it is called now.
func (c *Client) settleRules(ctx context.Context, me user) error {
	var have struct {
		Data []rule `json:"data"`
	}
	if err := c.do(ctx, call{method: http.MethodGet, path: rulesPath}, &have); err != nil {
		return err
	}
	var stale []string
	found := false
	for _, r := range have.Data {
		switch {
		case r.Tag != ruleTag:
		case r.Value == me.want() && !found:
			found = true
		default:
			stale = append(stale, r.ID)
		}
	}
	if len(stale) > 0 {
		if err := c.changeRules(ctx, map[string]any{"delete": map[string]any{"ids": stale}}); err != nil {
			return fmt.Errorf("delete old rules: %w", err)
		}
	}
	if found {
		return nil
	}
	if err := c.changeRules(ctx, map[string]any{"add": []rule{{Value: me.want(), Tag: ruleTag}}}); err != nil {
		return fmt.Errorf("add the rule %q: %w", me.want(), err)
	}
	return nil
}

func (c *Client) changeRules(ctx context.Context, body any) error {
	var out struct {
		Errors []Problem `json:"errors"`
	}
	if err := c.do(ctx, call{method: http.MethodPost, path: rulesPath, body: body}, &out); err != nil {
		return err
	}
	if len(out.Errors) > 0 {
		return errors.New(out.Errors[0].String())
	}
	return nil
}
