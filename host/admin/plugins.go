package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// PluginList is what runs and what is installed.
type PluginList struct {
	Items []Plugin `json:"items" nullable:"false"`
}

// SlotList is all slots.
type SlotList struct {
	Items []Slot `json:"items" nullable:"false"`
}

// QuarantineList is events in quarantine, newest first.
type QuarantineList struct {
	Items []Quarantined `json:"items" nullable:"false"`
}

// LogList is lines of a plugin, newest last.
type LogList struct {
	Items []LogLine `json:"items" nullable:"false"`
}

// PluginPath names a plugin; exported because huma reads no others that are embedded.
type PluginPath struct {
	Plugin string `path:"plugin" maxLength:"200" example:"dusty-gavel"`
}

// SlotPath names a slot.
type SlotPath struct {
	Slot string `path:"slot" enum:"personality,scene-rules,overlay"`
}

// SlotAct names a slot and the plugin that an act is meant for, so that a click that comes late does not hit the next one.
type SlotAct struct {
	SlotPath
	Plugin string `query:"plugin" maxLength:"300" doc:"id@version of the plugin that is meant; refuse when another one is there by now" example:"mina-vox@1.1.0"`
}

// inShadow, lastGood and onAir are the plugins of a slot that an act may be meant for, as id@version; "" for none.
func inShadow(s Slot) string { return runs(s.Shadow) }
func onAir(s Slot) string    { return runs(s.OnAir) }
func lastGood(s Slot) string {
	if s.LastGood == nil {
		return ""
	}
	return s.LastGood.Plugin + "@" + s.LastGood.Version
}

func runs(p *Plugin) string {
	if p == nil {
		return ""
	}
	return p.ID + "@" + p.Version
}

// stillIn refuses an act that is meant for another plugin than the one that is there by now.
func (s *Server) stillIn(ctx context.Context, in SlotAct, there func(Slot) string) error {
	if in.Plugin == "" {
		return nil
	}
	list, err := s.listSlots(ctx, nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list.Body.Items, func(x Slot) bool { return x.Slot == in.Slot })
	if i < 0 {
		return nil // whoever does it says so
	}
	if got := there(list.Body.Items[i]); got != in.Plugin {
		return huma.Error409Conflict(fmt.Sprintf("%s was meant and %s is in its place by now; nothing was done", in.Plugin, cmp.Or(got, "nothing")))
	}
	return nil
}

func (s *Server) listPlugins(ctx context.Context, _ *struct{}) (*body[PluginList], error) {
	list, err := look(s, func(p plugins) ([]Plugin, error) { return p.Plugins(ctx) })
	if err != nil {
		return nil, err
	}
	out := PluginList{Items: []Plugin{}}
	for _, p := range list.Body {
		out.Items = append(out.Items, whole(p))
	}
	return &body[PluginList]{out}, nil
}

// whole has lists where there may be none.
func whole(p Plugin) Plugin {
	if p.Capabilities == nil {
		p.Capabilities = []Capability{}
	}
	return p
}

func (s *Server) showPlugin(ctx context.Context, in *struct {
	PluginPath
	State string `query:"state" enum:"on air,shadow,last good,restarting,installed" doc:"the one in that state; absent: of those of that name the one on air before all others"`
}) (*body[PluginDetail], error) {
	got, err := look(s, func(p plugins) (PluginDetail, error) { return p.Plugin(ctx, in.Plugin, in.State) })
	if err == nil {
		got.Body.Plugin = whole(got.Body.Plugin)
	}
	return got, err
}

func (s *Server) pluginLogs(ctx context.Context, in *struct {
	PluginPath
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"500"`
}) (*body[LogList], error) {
	return look(s, func(p plugins) (LogList, error) {
		lines, err := p.Logs(ctx, in.Plugin, in.Limit)
		return LogList{Items: lines}, err
	})
}

func (s *Server) listSlots(ctx context.Context, _ *struct{}) (*body[SlotList], error) {
	return look(s, func(p plugins) (SlotList, error) {
		slots, err := p.Slots(ctx)
		return SlotList{Items: slots}, err
	})
}

func (s *Server) listQuarantine(ctx context.Context, in *SlotPath) (*body[QuarantineList], error) {
	return look(s, func(p plugins) (QuarantineList, error) {
		items, err := p.Quarantine(ctx, in.Slot)
		return QuarantineList{Items: items}, err
	})
}

func (s *Server) shadowReport(ctx context.Context, in *SlotPath) (*body[ShadowReport], error) {
	return look(s, func(p plugins) (ShadowReport, error) { return p.Report(ctx, in.Slot) })
}

type markdown struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte `contentType:"text/markdown"`
}

func (s *Server) shadowMarkdown(ctx context.Context, in *SlotPath) (*markdown, error) {
	got, err := s.shadowReport(ctx, in)
	if err != nil {
		return nil, err
	}
	return &markdown{Type: "text/markdown; charset=utf-8", Disposition: fmt.Sprintf("attachment; filename=%q", "shadow-"+in.Slot+".md"),
		Body: []byte(got.Body.Markdown())}, nil
}

type swapInput struct {
	Body struct {
		Plugin string `json:"plugin" minLength:"1" maxLength:"4096" doc:"id of an installed plugin, or a folder on the show's machine"`
	}
}

func (s *Server) swap(ctx context.Context, in *swapInput) (*body[Swap], error) {
	return change(ctx, s, "swapped in "+in.Body.Plugin, func(p plugins, who string, act uint64) (Swap, error) {
		return p.Swap(ctx, in.Body.Plugin, who, act)
	})
}

func (s *Server) shadow(ctx context.Context, in *swapInput) (*body[Slot], error) {
	return change(ctx, s, "put "+in.Body.Plugin+" in shadow", func(p plugins, who string, act uint64) (Slot, error) {
		return p.Shadow(ctx, in.Body.Plugin, who, act)
	})
}

func (s *Server) dropShadow(ctx context.Context, in *SlotAct) (*body[Slot], error) {
	if err := s.stillIn(ctx, *in, inShadow); err != nil {
		return nil, err
	}
	return change(ctx, s, "ended the shadow of "+in.Slot, func(p plugins, who string, act uint64) (Slot, error) {
		return p.DropShadow(ctx, in.Slot, who, act)
	})
}

func (s *Server) promote(ctx context.Context, in *struct {
	SlotAct
	Body PromoteRequest
}) (*body[Promoted], error) {
	if err := s.stillIn(ctx, in.SlotAct, inShadow); err != nil {
		return nil, err
	}
	what := "promoted the shadow of " + in.Slot
	if in.Body.When == "quiet" {
		what += " for a quiet moment"
	}
	return change(ctx, s, what, func(p plugins, who string, act uint64) (Promoted, error) {
		return p.Promote(ctx, in.Slot, in.Body, who, act)
	})
}

func (s *Server) cancelPromotion(ctx context.Context, in *SlotPath) (*body[Slot], error) {
	return change(ctx, s, "called off the promotion in "+in.Slot, func(p plugins, who string, act uint64) (Slot, error) {
		return p.CancelPromotion(ctx, in.Slot, who, act)
	})
}

func (s *Server) rollBack(ctx context.Context, in *SlotAct) (*body[Swap], error) {
	if err := s.stillIn(ctx, *in, lastGood); err != nil {
		return nil, err
	}
	return change(ctx, s, "rolled back "+in.Slot, func(p plugins, who string, act uint64) (Swap, error) {
		return p.RollBack(ctx, in.Slot, who, act)
	})
}

// PowerPath names a power of a plugin.
type PowerPath struct {
	PluginPath
	Power string `path:"power" maxLength:"40" example:"reply"`
}

func (s *Server) grant(ctx context.Context, in *struct {
	PowerPath
	Body GrantRequest
}) (*body[Capability], error) {
	what := "granted " + in.Power + " to " + in.Plugin
	if in.Body.Ask {
		what += ", asked each time"
	}
	return change(ctx, s, what, func(p plugins, who string, act uint64) (Capability, error) {
		return p.Grant(ctx, in.Plugin, in.Power, in.Body, who, act)
	})
}

func (s *Server) revoke(ctx context.Context, in *PowerPath) (*body[Capability], error) {
	return change(ctx, s, "took "+in.Power+" from "+in.Plugin, func(p plugins, who string, act uint64) (Capability, error) {
		return p.Revoke(ctx, in.Plugin, in.Power, who, act)
	})
}

func (s *Server) retry(ctx context.Context, in *struct {
	SlotAct
	Seq uint64 `path:"seq" minimum:"1"`
}) (*body[Retried], error) {
	if err := s.stillIn(ctx, in.SlotAct, onAir); err != nil {
		return nil, err
	}
	return change(ctx, s, fmt.Sprintf("gave event %d to the plugin in %s again", in.Seq, in.Slot), func(p plugins, who string, act uint64) (Retried, error) {
		return p.Retry(ctx, in.Slot, in.Seq, who, act)
	})
}

// look asks the plugin host for something.
func look[T any](s *Server, read func(plugins) (T, error)) (*body[T], error) {
	if s.cfg.Plugins == nil {
		return nil, absent("the plugin host")
	}
	got, err := read(s.cfg.Plugins)
	if err != nil {
		return nil, s.readFailed(err)
	}
	return &body[T]{got}, nil
}

// change records what the operator is about to do to the plugins, and does it.
func change[T any](ctx context.Context, s *Server, what string, act func(p plugins, who string, act uint64) (T, error)) (*body[T], error) {
	if s.cfg.Bus == nil || s.cfg.Plugins == nil {
		return nil, absent("the plugin host")
	}
	done, err := s.acted(ctx, what)
	if err != nil {
		return nil, err
	}
	got, err := act(s.cfg.Plugins, visitorOf(ctx).who, done.Seq)
	if err != nil {
		return nil, actFailed(err)
	}
	return &body[T]{got}, nil
}
