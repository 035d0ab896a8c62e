package xapi

import (
	"context"
	"fmt"
	"net/http"
)

type newTweet struct {
	Text       string     `json:"text"`
	Reply      *inReplyTo `json:"reply,omitempty"`
	MadeWithAI bool       `json:"made_with_ai,omitempty"`
}

type inReplyTo struct {
	ID string `json:"in_reply_to_tweet_id"`
}

// Reply answers a post and returns the id of the answer. An error with the method RetryAt (see [RateError] and
// [ErrUnsent]) means that nothing was posted; after any other the answer may stand, so it must not be sent again.
func (c *Client) Reply(ctx context.Context, postID, text string) (string, error) {
	if !validID(postID) {
		return "", fmt.Errorf("reply to %q: not the id of a post", postID)
	}
	return c.create(ctx, newTweet{Text: text, Reply: &inReplyTo{postID}})
}

// Post writes a post of the host's own and returns its id; its errors are those of Reply.
func (c *Client) Post(ctx context.Context, text string) (string, error) {
	return c.create(ctx, newTweet{Text: text})
}

func (c *Client) create(ctx context.Context, t newTweet) (string, error) {
	t.MadeWithAI = !c.cfg.Unlabelled
	var out struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := c.do(ctx, call{method: http.MethodPost, path: "/2/tweets", body: t, asUser: true}, &out); err != nil {
		return "", err
	}
	if !validID(out.Data.ID) {
		return "", fmt.Errorf("POST /2/tweets: the answer has no id")
	}
	return out.Data.ID, nil
}
