// Command pacer chooses the scene, without nervousness. What it does is written down, for every language, in
// sdk/tck/examples/README.md.
package main

import (
	"strconv"
	"strings"

	guest "github.com/sothebais/sothebais/sdk/go"
	"github.com/sothebais/sothebais/sdk/go/examples/internal/lines"
)

// The timers, by token.
const (
	tokenAfter = 1 + iota // a sale has been admired long enough
	tokenLull             // nobody has bid for a while
	tokenHold             // somebody else's scene has stood long enough
	pastTokens
)

const (
	afterMS = 6_000
	lullMS  = 45_000
	holdMS  = 30_000
	leastMS = 5_000 // that a scene stays when bids come and go
)

// Heat: what a bid adds, what a second takes, and the two marks between which nothing changes.
const (
	heatOfBid, heatLost = 20, 4
	hot, cool, mostHeat = 60, 20, 100
)

// Posts a minute at which the chat comes and goes, and for how many ticks that must be so.
const (
	busyPosts, calmPosts = 120, 60
	busyTicks, calmTicks = 3, 5
)

// pacer is the plugin.
type pacer struct {
	want    string // scene that the rules want
	asked   string // scene that is, or will be, on program
	changed int64  // when it last asked
	heat    int64
	busy    int64
	calm    int64
	chat    bool
	held    bool
	told    bool
	due     [pastTokens]int64 // by token; 0 for not at all
}

func main() {}

func init() { guest.Register(plugin()) }

func plugin() guest.Plugin {
	p := new(pacer)
	return guest.Plugin{Handle: p.handle, Save: p.save, Restore: p.restore, Needs: guest.NeedsPowers}
}

func (p *pacer) handle(e guest.Event, out *guest.Commands) {
	o := stage{p, e.At(), out}
	o.whatIsDue()
	switch e.Kind() {
	case guest.KindSessionOpened:
		o.scene("welcome", "fade", 800)
	case guest.KindLotOpened:
		o.cancel(tokenAfter)
		p.heat = 0
		o.scene("lot", "fade", 400)
		o.set(tokenLull, lullMS)
	case guest.KindBidAccepted:
		o.bid()
	case guest.KindClockTicked:
		t, _ := e.AsClockTicked()
		o.tick(t.PostsAMinute())
	case guest.KindLotSold:
		o.cancel(tokenLull)
		o.scene("sold", "cut", 0)
		o.set(tokenAfter, afterMS)
	case guest.KindLotUnsold:
		o.cancel(tokenLull)
		o.scene("intermission", "fade", 800)
	case guest.KindLotPaused:
		o.cancel(tokenLull)
		o.scene("break", "fade", 400)
	case guest.KindLotResumed:
		o.scene("lot", "fade", 400)
		o.set(tokenLull, lullMS)
	case guest.KindSceneShown:
		s, _ := e.AsSceneShown()
		if scene := lines.Clean(s.Scene()); scene != p.asked {
			p.held, p.asked = true, scene
			o.set(tokenHold, holdMS)
		}
	case guest.KindPowerDenied:
		d, _ := e.AsPowerDenied()
		if d.Power() == "timer" && !p.told {
			p.told = true
			out.Log(guest.LevelWarn, "no timers: "+lines.Clean(d.Reason()))
		}
	case guest.KindSessionClosed:
		o.cancel(tokenAfter)
		o.cancel(tokenLull)
		o.scene("goodbye", "fade", 800)
	}
}

// stage is the plugin during one event.
type stage struct {
	*pacer
	at  int64
	out *guest.Commands
}

func (o stage) whatIsDue() {
	for token, due := range o.due {
		if due == 0 || due > o.at {
			continue
		}
		o.due[token] = 0
		switch token {
		case tokenAfter:
			o.scene("intermission", "fade", 800)
		case tokenLull:
			if o.want == "lot" {
				o.scene("gallery", "fade", 800)
			}
		case tokenHold:
			o.held = false
			if o.want != "" {
				o.scene(o.want, "fade", 400)
			}
		}
	}
}

func (o stage) set(token uint64, millis int64) {
	o.due[token] = o.at + millis
	o.out.Timer(token, millis)
}

func (o stage) cancel(token uint64) {
	if o.due[token] != 0 {
		o.due[token] = 0
		o.out.Timer(token, 0)
	}
}

func (o stage) scene(name, transition string, millis int64) {
	o.want = name
	if o.held || o.asked == name {
		return
	}
	o.asked, o.changed = name, o.at
	o.out.Scene(name, transition, millis)
}

func (o stage) bid() {
	o.heat = min(o.heat+heatOfBid, mostHeat)
	o.set(tokenLull, lullMS)
	if o.want == "gallery" {
		o.scene("lot", "cut", 0)
	}
	if o.heat >= hot && o.want == "lot" && o.at-o.changed >= leastMS {
		o.scene("duel", "cut", 0)
	}
}

func (o stage) tick(posts int64) {
	o.heat = max(o.heat-heatLost, 0)
	if o.heat <= cool && o.want == "duel" && o.at-o.changed >= leastMS {
		o.scene("lot", "fade", 400)
	}
	switch {
	case posts >= busyPosts:
		o.busy, o.calm = o.busy+1, 0
	case posts < calmPosts:
		o.busy, o.calm = 0, o.calm+1
	default:
		o.busy, o.calm = 0, 0
	}
	if !o.chat && o.busy >= busyTicks {
		o.setChat(true)
	} else if o.chat && o.calm >= calmTicks {
		o.setChat(false)
	}
}

func (o stage) setChat(on bool) {
	o.chat = on
	o.out.Show("chat", on)
}

func (p *pacer) save() []byte {
	w := lines.New("pacer")
	w.Text("want", p.want)
	w.Text("asked", p.asked)
	w.Int("changed", p.changed)
	w.Int("heat", p.heat)
	w.Int("busy", p.busy)
	w.Int("calm", p.calm)
	w.Flag("chat", p.chat)
	w.Flag("held", p.held)
	w.Flag("told", p.told)
	for token, due := range p.due {
		if due > 0 {
			w.Text("due", strconv.Itoa(token)+" "+strconv.FormatInt(due, 10))
		}
	}
	return w.Bytes()
}

func (p *pacer) restore(state []byte) error {
	next := pacer{}
	err := lines.Read("pacer", state, next.take)
	if err == nil {
		*p = next
	}
	return err
}

// take reads a line of a state.
func (p *pacer) take(key, value string) bool {
	switch key {
	case "want":
		p.want = value
	case "asked":
		p.asked = value
	case "changed":
		return lines.Take(value, &p.changed)
	case "heat":
		return lines.Take(value, &p.heat)
	case "busy":
		return lines.Take(value, &p.busy)
	case "calm":
		return lines.Take(value, &p.calm)
	case "chat":
		return lines.TakeFlag(value, &p.chat)
	case "held":
		return lines.TakeFlag(value, &p.held)
	case "told":
		return lines.TakeFlag(value, &p.told)
	case "due":
		token, at, _ := strings.Cut(value, " ")
		return len(token) == 1 && token[0] > '0' && token[0] < '0'+pastTokens && lines.Take(at, &p.due[token[0]-'0'])
	default:
		return false
	}
	return true
}
