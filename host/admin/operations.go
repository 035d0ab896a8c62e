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

	owned(s, "plugins", http.MethodGet, "/plugins", "Plugins: in a slot, in shadow, kept warm, installed", s.listPlugins)
	owned(s, "plugin", http.MethodGet, "/plugins/{plugin}", "All about one plugin", s.showPlugin)
	owned(s, "plugin-logs", http.MethodGet, "/plugins/{plugin}/logs", "What a plugin wrote to the log, newest last", s.pluginLogs)
	owned(s, "grant", http.MethodPut, "/plugins/{plugin}/grants/{power}", "Let a plugin use a power that it asks for", s.grant)
	owned(s, "revoke", http.MethodDelete, "/plugins/{plugin}/grants/{power}", "Take a power from a plugin", s.revoke)
	owned(s, "swap", http.MethodPost, "/plugins/swap", "Swap a plugin into the slot of its kind, between two events", s.swap)
	owned(s, "shadow", http.MethodPut, "/plugins/shadow", "Let a plugin hear the show beside the one on air; nothing of it reaches the stage", s.shadow)
	owned(s, "consents", http.MethodGet, "/consents", "Uses of powers that wait for a person's yes or no, the most urgent first", s.listConsents)
	owned(s, "decide", http.MethodPost, "/consents/{seq}", "Allow one of them, or refuse it", s.decide)
	owned(s, "slots", http.MethodGet, "/slots", "Slots: on air, in shadow, last good, history", s.listSlots)
	owned(s, "shadow-report", http.MethodGet, "/slots/{slot}/shadow", "The shadow set beside the plugin on air, event by event", s.shadowReport)
	owned(s, "shadow-report-markdown", http.MethodGet, "/slots/{slot}/shadow.md", "The same, to read and to keep", s.shadowMarkdown)
	owned(s, "drop-shadow", http.MethodDelete, "/slots/{slot}/shadow", "End the shadow", s.dropShadow)
	owned(s, "promote", http.MethodPost, "/slots/{slot}/promotion", "Put the shadow on air, now or at a quiet moment", s.promote)
	owned(s, "cancel-promotion", http.MethodDelete, "/slots/{slot}/promotion", "Wait for the quiet moment no longer", s.cancelPromotion)
	owned(s, "roll-back", http.MethodPost, "/slots/{slot}/roll-back", "Put the last good plugin back on air", s.rollBack)
	owned(s, "quarantine", http.MethodGet, "/slots/{slot}/quarantine", "Events on which plugins failed, newest first", s.listQuarantine)
	owned(s, "retry", http.MethodPost, "/slots/{slot}/quarantine/{seq}/retry", "Give an event in quarantine to the plugin on air again", s.retry)

	owned(s, "replay-sessions", http.MethodGet, "/replays/sessions", "What can be played to a plugin once more: the shows of the ledger and recordings, the newest first", s.replaySessions)
	lasting(s, "replay", "/replays", "Play a past show to a plugin and set it beside what happened then; nothing of it reaches the show. Hang up to end it", s.replay)
	owned(s, "replaying", http.MethodGet, "/replays/running", "How far the replay is that runs", s.replaying)
	owned(s, "replay-markdown", http.MethodGet, "/replays/{id}/report.md", "What a replay found, to read and to keep", s.replayMarkdown)

	upload(s, "inspect-package", "/packages/inspect", "Look at a package before it is installed: who has signed it, what it asks for", s.inspect)
	lasting(s, "fetch-package", "/packages/fetch", "Look at a package on the web (https:) or in a registry (oci:); its signature comes with it", s.fetchPackage)
	owned(s, "install-inspected-package", http.MethodPost, "/packages/inspected/{sha256}", "Install a package that was looked at in the last minutes; what nobody trusted has signed only at an admin's word", s.installInspected)
	upload(s, "install-package", "/packages", "Install a package; one that nobody trusted has signed only at an admin's word", s.install)
	owned(s, "uninstall-package", http.MethodDelete, "/packages/{plugin}", "Remove an installed package that is in no slot", s.uninstall)
	owned(s, "characters", http.MethodGet, "/characters", "Drawn characters that a personality may play", s.listCharacters)
	owned(s, "new-character", http.MethodPost, "/characters", "Begin a personality in the folder of plugins", s.newCharacter)
	owned(s, "dev", http.MethodGet, "/dev", "Plugins that somebody is writing just now", s.listDevs)
	owned(s, "put-dev", http.MethodPut, "/dev", "Say how a plugin stands that is being written; to be said again within 15 s", s.putDev)
	owned(s, "drop-dev", http.MethodDelete, "/dev", "It is being written no longer", s.dropDev)

	owned(s, "events", http.MethodGet, "/events", "What happened, in pages", s.events)
	owned(s, "chain", http.MethodGet, "/events/{seq}/chain", "What followed from one fact", s.chain)
}

// open registers an operation for everyone.
func open[I, O any](s *Server, id, method, path, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, operation(id, method, path, summary), h)
}

// owned registers an operation that needs a login.
func owned[I, O any](s *Server, id, method, path, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, ownedOperation(id, method, path, summary), h)
}

// upload registers an operation that takes a package.
func upload[I, O any](s *Server, id, path, summary string, h func(context.Context, *I) (*O, error)) {
	op := ownedOperation(id, http.MethodPost, path, summary)
	op.MaxBodyBytes, op.BodyReadTimeout = MaxUpload, uploadWait
	op.Errors = append(op.Errors, http.StatusRequestEntityTooLarge)
	huma.Register(s.api, op, h)
}

// lasting registers an operation that takes as long as it takes; who asked ends it by hanging up. It may go elsewhere.
func lasting[I, O any](s *Server, id, path, summary string, h func(context.Context, *I) (*O, error)) {
	op := ownedOperation(id, http.MethodPost, path, summary)
	op.Errors = append(op.Errors, http.StatusBadGateway, http.StatusServiceUnavailable)
	huma.Register(s.api, op, h)
}

func ownedOperation(id, method, path, summary string) huma.Operation {
	op := operation(id, method, path, summary)
	op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized)
	return op
}

func operation(id, method, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: apiPath + path, Summary: summary, MaxBodyBytes: maxBody, BodyReadTimeout: readWait}
	if method != http.MethodGet {
		op.Errors = []int{http.StatusForbidden, http.StatusConflict}
	}
	return op
}
