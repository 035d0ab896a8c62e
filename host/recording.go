package host

import (
	"context"

	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// Record makes a recording of what stands in the ledger behind the event after, up to the event until; 0 for the end.
func (l *Ledger) Record(ctx context.Context, version string, after, until uint64) (*replay.Recording, error) {
	return l.record(ctx, version, after, until, func(uint64) {})
}

// record is Record that tells how far it is.
func (l *Ledger) record(ctx context.Context, version string, after, until uint64, at func(seq uint64)) (*replay.Recording, error) {
	m := replay.NewMaker(version, wasm.AppendEvent)
	for {
		events, err := l.Read(ctx, after, 4096)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return l.complete(ctx, m.Recording())
		}
		for _, e := range events {
			if until != 0 && e.Seq > until {
				return l.complete(ctx, m.Recording())
			}
			m.Add(e)
			after = e.Seq
		}
		at(after)
	}
}

// settingStore is what a store held that a plugin began with, by its SHA-256.
const settingStore = "plugin.store."

// complete adds what is not in facts.
func (l *Ledger) complete(ctx context.Context, r *replay.Recording) (*replay.Recording, error) {
	return r, r.Keep(func(sha256 string) ([]byte, bool, error) { return l.SettingGet(ctx, settingStore+sha256) })
}
