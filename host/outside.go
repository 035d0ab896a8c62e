package host

import (
	"context"

	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/llm"
	"github.com/sothebais/sothebais/host/plugin"
)

// fetch sends what a plugin asks to be sent, to the hosts that it may reach.
func (h *Host) fetch(ctx context.Context, q plugin.Request) (plugin.Answer, error) {
	a, err := h.outside.Do(ctx, fetch.Request{Method: q.Method, URL: q.URL, Headers: q.Headers, Body: q.Body, Hosts: q.Hosts, Bytes: q.Bytes})
	return plugin.Answer(a), err
}

// ask puts questions of plugins to the language models; nil when there is none.
func (h *Host) ask() func(context.Context, plugin.Question) (plugin.Reply, error) {
	if len(h.cfg.Models) == 0 {
		return nil
	}
	return llm.New(llm.Config{Providers: h.cfg.Models, Logger: h.part("llm"), Metrics: h.regs[roleAgent]}).Ask
}
