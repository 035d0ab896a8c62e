package xapi

import (
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/post"
)

// The fields that every read asks for.
const (
	tweetFields = "created_at,author_id,edit_history_tweet_ids,in_reply_to_user_id,conversation_id,note_tweet"
	expansions  = "author_id"
	userFields  = "name,username"
)

type user struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
}

type tweet struct {
	ID          string    `json:"id"`
	Text        string    `json:"text"`
	AuthorID    string    `json:"author_id"`
	CreatedAt   time.Time `json:"created_at"`
	EditHistory []string  `json:"edit_history_tweet_ids"`
	Note        struct {
		Text string `json:"text"` // the whole of a long post
	} `json:"note_tweet"`
}

type includes struct {
	Users []user `json:"users"`
}

// page is one answer of the mentions.
type page struct {
	Data     []tweet  `json:"data"`
	Includes includes `json:"includes"`
	Meta     struct {
		Count     int    `json:"result_count"`
		NewestID  string `json:"newest_id"`
		NextToken string `json:"next_token"`
	} `json:"meta"`
}

// item is one line of the stream: a post, or word of what went wrong.
type item struct {
	Data     *tweet    `json:"data"`
	Includes includes  `json:"includes"`
	Errors   []Problem `json:"errors"`
}

// unescape undoes the three entities in which X wraps text; anything else is what a person wrote.
var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// post brings a tweet and its author together; ok is false when it lacks what identifies it.
func (t tweet) post(in includes) (p post.Post, ok bool) {
	text := t.Text
	if t.Note.Text != "" {
		text = t.Note.Text
	}
	p = post.Post{ID: t.ID, Root: t.ID, AuthorID: t.AuthorID, Text: unescape.Replace(text), At: t.CreatedAt.UTC()}
	if len(t.EditHistory) > 0 && validID(t.EditHistory[0]) {
		p.Root = t.EditHistory[0]
	}
	for _, u := range in.Users {
		if u.ID == t.AuthorID {
			p.Handle, p.Name = u.Username, u.Name
		}
	}
	return p, validID(t.ID) && t.AuthorID != "" && p.Handle != ""
}
