package admin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// operations is the table of the API; whole, so that it reads as one.
func (s *Server) operations() {
	open(s, "login", http.MethodPost, "/login", "Log in", s.login)
	open(s, "public-lot", http.MethodGet, "/public/lot", "The lot on the block, for everyone", s.lots.json)

	owned(s, "logout", http.MethodPost, "/logout", "Log out", s.logout)
	owned(s, "me", http.MethodGet, "/me", "Who is logged in", s.me)

	owned(s, "show", http.MethodGet, "/show", "State of the programme", s.show)
	owned(s, "stage", http.MethodGet, "/stage", "What can be asked of the stage", s.stage)
	owned(s, "say", http.MethodPost, "/stage/say", "Have the character say a line", s.say)
	owned(s, "mood", http.MethodPost, "/stage/mood", "Put the character in a mood", s.mood)
	owned(s, "gesture", http.MethodPost, "/stage/gesture", "Have the character make a gesture", s.gesture)
	owned(s, "take", http.MethodPost, "/stage/scene", "Take a scene to program", s.take)
	owned(s, "reload-scenes", http.MethodPost, "/stage/scenes/reload", "Read the scenes again; a broken one changes nothing", s.reload)

	owned(s, "block", http.MethodGet, "/block", "The lot on the block and what comes next", s.block)
	owned(s, "lots", http.MethodGet, "/lots", "Lots of the session", s.listLots)
	owned(s, "lot-bids", http.MethodGet, "/lots/{lot}/bids", "Bids on a lot, newest first", s.bids)
	owned(s, "pause", http.MethodPost, "/block/pause", "Hold bids off; the clock stands", s.pause)
	owned(s, "resume", http.MethodPost, "/block/resume", "Take bids again", s.resume)
	owned(s, "extend", http.MethodPost, "/block/extend", "Move the end of the lot", s.extend)
	owned(s, "hammer", http.MethodPost, "/block/hammer", "Close the lot now", s.hammer)
	owned(s, "withdraw", http.MethodPost, "/block/withdraw", "Take the lot off the block unsold", s.withdraw)

	owned(s, "plugins", http.MethodGet, "/plugins", "Installed plugins", s.listPlugins)
	owned(s, "swap", http.MethodPost, "/plugins/swap", "Swap a plugin into the slot of its kind, between two events", s.swap)

	owned(s, "events", http.MethodGet, "/events", "What happened, in pages", s.events)
	owned(s, "chain", http.MethodGet, "/events/{seq}/chain", "What followed from one fact", s.chain)
}

// open registers an operation for everyone.
func open[I, O any](s *Server, id, method, path, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, operation(id, method, path, summary), h)
}

// owned registers an operation that needs a login.
func owned[I, O any](s *Server, id, method, path, summary string, h func(context.Context, *I) (*O, error)) {
	op := operation(id, method, path, summary)
	op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized)
	huma.Register(s.api, op, h)
}

func operation(id, method, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: apiPath + path, Summary: summary, MaxBodyBytes: maxBody, BodyReadTimeout: readWait}
	if method == http.MethodPost {
		op.Errors = []int{http.StatusForbidden, http.StatusConflict}
	}
	return op
}
