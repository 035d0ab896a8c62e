package plugin

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Bounds of what a plugin may have under way.
const (
	mostAways     = 4 // fetches and questions at once
	awayTime      = 30 * time.Second
	mostTokens    = 4096 // of one answer of the model
	usualTokens   = 512
	tooManyTimers = "too many timers run already"
	tooManyAways  = "too many requests are under way"
)

// Request is what a plugin asks to be fetched, within its limits.
type Request struct {
	Method, URL, Headers, Body string
	Hosts                      []string // that it may reach
	Bytes                      int      // of the answer
}

// Answer is what a server said.
type Answer struct {
	Status int
	Type   string // media type
	Body   string
}

// Question is what a plugin asks the language model.
type Question struct {
	Instructions, Prompt string
	Schema               string // JSON Schema of the answer; empty for text
	MaxTokens            int
}

// Reply is what the language model said. Its tokens count even when it is of no use.
type Reply struct {
	Text   string
	Tokens int
}

// perform carries out a call that the plugin may make. What takes time answers with a fact.
func (s *slot) perform(p *occupant, e event.Event, r *Reaction) {
	switch c := r.Call.(type) {
	case *abi.Timer:
		if !p.roomFor(c) {
			s.deny(p, e, r, tooManyTimers)
			return
		}
		p.own(r, e)
		s.nudge()
	case *abi.StorePut:
		p.own(r, e)
	case *abi.Fetch:
		s.fetch(p, e, r, c)
	case *abi.Ask:
		s.ask(p, e, r, c)
	}
}

// roomFor reports whether a timer fits beside those that run already. The plugin must have the power.
func (p *occupant) roomFor(c *abi.Timer) bool {
	return c.Millis <= 0 || p.timers.room(c.Token, p.powers[PowerTimer].limits().Pending)
}

// archive keeps what was in the store when the plugin was made; a replay begins with it.
func (s *slot) archive(p *occupant) {
	sha256, content, keep := p.stored, p.archived, s.host.cfg.Archive
	if p.archived = nil; content == nil || keep == nil {
		return
	}
	s.later(func(ctx context.Context) {
		if err := keep(context.WithoutCancel(ctx), sha256, content); err != nil {
			s.log.Error("cannot keep what a plugin's store held, for replays", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, err)
		}
	})
}

// keep writes to disk what the guest wrote to its store.
func (s *slot) keep(p *occupant) {
	if len(p.puts) == 0 || s.host.cfg.Store == nil {
		return
	}
	puts := p.puts
	p.puts = map[string][]byte{}
	if p.holds == nil {
		p.holds = map[string][]byte{}
	}
	for k, v := range puts {
		if p.holds[k] = v; v == nil {
			delete(p.holds, k)
		}
	}
	s.shelf.add(p.manifest.ID, puts)
	s.later(func(ctx context.Context) { s.shelve(ctx, p.manifest.ID) })
}

// shelf is what is on its way to disk. Turns end in one order and may write in another, so each writes all that is there.
type shelf struct {
	mu    sync.Mutex
	puts  map[string]map[string][]byte // by plugin and key
	write chan struct{}                // holds one while somebody writes
}

func (f *shelf) add(plugin string, puts map[string][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.puts[plugin] == nil {
		f.puts[plugin] = puts
		return
	}
	maps.Copy(f.puts[plugin], puts)
}

func (f *shelf) take(plugin string) map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	puts := f.puts[plugin]
	delete(f.puts, plugin)
	return puts
}

func (s *slot) shelve(ctx context.Context, plugin string) {
	s.shelf.write <- struct{}{}
	defer func() { <-s.shelf.write }()
	puts := s.shelf.take(plugin)
	if len(puts) == 0 { // somebody else did
		return
	}
	if err := s.host.cfg.Store.PluginPutAll(context.WithoutCancel(ctx), plugin, puts); err != nil {
		s.log.Error("cannot keep what a plugin wrote to its store", telemetry.KeyPlugin, plugin, "keys", len(puts), telemetry.KeyErr, err)
	}
}

func (s *slot) fetch(p *occupant, e event.Event, r *Reaction, c *abi.Fetch) {
	if s.host.cfg.Fetch == nil {
		s.deny(p, e, r, "this show does not fetch")
		return
	}
	if why := p.barred(r); why != "" {
		s.deny(p, e, r, why)
		return
	}
	l := p.powers[PowerHTTP].limits()
	q := Request{Method: c.Method, URL: c.URL, Headers: c.Headers, Body: c.Body, Hosts: l.Hosts, Bytes: l.Bytes}
	s.away(p, e, r, func(ctx context.Context) event.Data {
		f := show.FetchAnswered{Slot: string(s.kind), Plugin: p.manifest.ID, Token: c.Token}
		got, err := s.host.cfg.Fetch(ctx, q)
		if err != nil {
			f.Reason = firstLine(err)
			return f
		}
		f.OK, f.Status, f.Type, f.Body = true, got.Status, got.Type, got.Body
		return f
	})
}

func (s *slot) ask(p *occupant, e event.Event, r *Reaction, c *abi.Ask) {
	if s.host.cfg.Ask == nil {
		s.deny(p, e, r, "this show has no language model; an operator sets one")
		return
	}
	q := Question{Instructions: c.Instructions, Prompt: c.Prompt, Schema: c.Schema, MaxTokens: answerTokens(c)}
	limit := p.powers[PowerLLM].limits().TokensPerHour
	reserved := q.MaxTokens + (len(q.Instructions)+len(q.Prompt)+len(q.Schema))/4
	if !p.dossier.spend(e.At, reserved, limit) {
		s.deny(p, e, r, fmt.Sprintf("the budget of %d tokens an hour is spent", limit)+p.ungranted(PowerLLM, func(c Capability) int { return c.TokensPerHour }))
		return
	}
	sent := s.away(p, e, r, func(ctx context.Context) event.Data {
		f := show.ModelAnswered{Slot: string(s.kind), Plugin: p.manifest.ID, Token: c.Token}
		got, err := s.host.cfg.Ask(ctx, q)
		p.dossier.refund(reserved - got.Tokens)
		f.Tokens = int64(got.Tokens)
		if err != nil {
			f.Reason = firstLine(err)
			return f
		}
		f.OK, f.Text = true, got.Text
		return f
	})
	if !sent {
		p.dossier.refund(reserved)
	}
}

// answerTokens is the greatest length of an answer that a question may have.
func answerTokens(c *abi.Ask) int {
	if c.MaxTokens <= 0 {
		return usualTokens
	}
	return int(min(c.MaxTokens, mostTokens))
}

// away does something beside the show and records what came of it, caused by the event that led to it. It reports
// whether there was room for it.
func (s *slot) away(p *occupant, e event.Event, r *Reaction, do func(ctx context.Context) event.Data) bool {
	if !p.leave() {
		s.deny(p, e, r, tooManyAways)
		return false
	}
	s.host.errands.Go(func() {
		defer p.back()
		ctx, cancel := context.WithTimeout(s.host.life, awayTime)
		defer cancel()
		fact := do(ctx)
		if s.host.life.Err() == nil { // otherwise the answer is that the show ended
			s.host.record(s.host.life, e.Seq, fact)
		}
	})
	return true
}

func (p *occupant) leave() bool {
	if p.aways.Add(1) > mostAways {
		p.aways.Add(-1)
		return false
	}
	return true
}

func (p *occupant) back() { p.aways.Add(-1) }
