package plugin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

// TestAGateHasWhatThePluginHad, whatever its plugin.yaml asks for by now: what runs may be the same for all that.
func TestAGateHasWhatThePluginHad(t *testing.T) {
	listed := func(name, limit string) show.PluginGrant {
		return show.PluginGrant{Name: name, Limit: json.RawMessage(limit)}
	}
	for _, c := range []struct {
		name, now string
		had       []show.PluginGrant
		change    string // what is granted later on
		want      int    // replies at one time
		store     int
	}{
		{"asks for less now", "{name: reply, why: x, per_minute: 2}", []show.PluginGrant{listed("reply", `{"per_minute":5,"bytes":1120}`)}, "", 5, 0},
		{"asks for more now", "{name: reply, why: x}", []show.PluginGrant{listed("reply", `{"per_minute":5,"bytes":1120}`)}, "", 5, 0},
		{"was granted more later", "{name: reply, why: x}", []show.PluginGrant{listed("reply", `{"per_minute":5,"bytes":1120}`)}, `{"per_minute":9}`, 9, 0},
		{"asks for it no more", "{name: mood, why: x}", []show.PluginGrant{listed("reply", `{"per_minute":5,"bytes":1120}`)}, "", 5, 0},
		{"did not have it", "{name: reply, why: x}", nil, "", 0, 0},
		{"had a larger store", "{name: store, why: x, bytes: 10}", []show.PluginGrant{listed("store", `{"per_minute":6000,"bytes":70000}`)}, "", 0, 70000},
		{"had a store", "{name: mood, why: x}", []show.PluginGrant{listed("store", `{"per_minute":6000,"bytes":70000}`)}, "", 0, 70000},
	} {
		g := plugin.NewGate(must[*plugin.Manifest](t)(plugin.LoadManifest(asking("a", "overlay", c.now))))
		g.Hold(c.had)
		if c.change != "" {
			g.Change("reply", true, false, json.RawMessage(c.change))
		}
		n, r, at := 0, reply("ok"), time.Now()
		for range 100 {
			if g.Allows(&r, at) {
				n++
			}
		}
		if got := g.Store(); n != c.want || got.Quota != c.store {
			t.Errorf("%s: %d replies, store %+v; want %d, %d", c.name, n, got, c.want, c.store)
		}
	}
}
