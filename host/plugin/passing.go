package plugin

import (
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// Passing says that a fact means nothing once its moment is over. A plugin that learns what happened to the lot on the
// block does not hear such facts.
func Passing(k event.Kind) bool {
	switch k {
	case show.KindTicked, show.KindSpeechStarted, show.KindSpeechEnded, show.KindOperatorActed, post.KindReceived, auction.KindBidRefused:
		return true
	}
	return false
}
