// Package post holds the facts about what people write and what the show answers.
package post

import (
	"time"

	"github.com/sothebais/sothebais/host/event"
)

// Post is something a person wrote, as a platform gave it to us. Text is kept as received.
type Post struct {
	ID       string    `json:"id"`   // this version of the post
	Root     string    `json:"root"` // first version; the identity that stays through edits
	AuthorID string    `json:"author_id"`
	Handle   string    `json:"handle"` // without @
	Name     string    `json:"name"`   // display name
	Text     string    `json:"text"`
	At       time.Time `json:"at"` // when it was written, by the platform's clock
}

// Intent is what a post wants, as far as the grammar can tell.
type Intent string

// The intents.
const (
	IntentBid      Intent = "bid"
	IntentQuestion Intent = "question"
	IntentGreeting Intent = "greeting"
	IntentChat     Intent = "chat"
)

// Names of the facts.
const (
	KindReceived    event.Kind = "post.received"
	KindReplySent   event.Kind = "reply.sent"
	KindReplyFailed event.Kind = "reply.failed"
)

// Received: a post reached the show. Its event has the origin "x:<root id>".
type Received struct {
	Post   Post   `json:"post"`
	Intent Intent `json:"intent"`
}

// EventKind is post.received.
func (Received) EventKind() event.Kind { return KindReceived }

// ReplySent: the show answered a post.
type ReplySent struct {
	To     string `json:"to"` // id of the post that was answered
	Handle string `json:"handle"`
	ID     string `json:"id"` // id of the answer
	Text   string `json:"text"`
}

// EventKind is reply.sent.
func (ReplySent) EventKind() event.Kind { return KindReplySent }

// ReplyFailed: an answer could not be sent and will not be tried again.
type ReplyFailed struct {
	To     string `json:"to"`
	Handle string `json:"handle"`
	Text   string `json:"text"`
	Reason string `json:"reason"`
}

// EventKind is reply.failed.
func (ReplyFailed) EventKind() event.Kind { return KindReplyFailed }

// Facts lists a zero value of each fact of this package, for a Registry.
func Facts() []event.Data { return []event.Data{Received{}, ReplySent{}, ReplyFailed{}} }
