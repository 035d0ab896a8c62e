package host

import (
	"context"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/notify"
	"github.com/sothebais/sothebais/host/xapi"
)

// buildX makes the way to X. Without credentials the show runs and nobody can post to it, which is said aloud.
func (h *Host) buildX(context.Context) error {
	x := h.cfg.X
	if !x.configured() {
		h.part("x").Warn("no account on X: nobody can bid; set X_BEARER_TOKEN and the TWITTER_ variables, or run `sothebais demo`")
		return nil
	}
	h.x = xapi.New(xapi.Config{
		BaseURL: x.BaseURL, Account: x.Account, Bearer: x.Bearer,
		User: xapi.User{ConsumerKey: x.APIKey, ConsumerSecret: x.APISecret, Token: x.AccessToken, TokenSecret: x.AccessSecret},
		OnUp: h.outputUp("x", "posts"), OnDown: h.outputDown("x"), Logger: h.part("x"), Metrics: h.regs[roleAuction],
	})
	h.notifier = notify.New(notify.Config{
		Subscribe: func(after uint64, kinds ...event.Kind) notify.Source { return h.bus.Subscribe(after, kinds...) }, Last: h.bus.Last,
		X: h.x, Facts: h.bus, Budget: h.cfg.X.Budget, Logger: h.part("notify"), Metrics: h.regs[roleAuction],
	})
	h.well.add(roleAuction, "x", func() error { return h.board.linkError("x") })
	return nil
}
