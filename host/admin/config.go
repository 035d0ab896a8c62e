package admin

import (
	"context"
	"image"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
)

// ledger reads what happened.
type ledger interface {
	// Read gives facts with a number greater than after, in order, at most limit of them.
	Read(ctx context.Context, after uint64, limit int) ([]event.Event, error)
	// Chain gives the facts that followed from the fact numbered root, itself included, in order.
	Chain(ctx context.Context, root uint64) ([]event.Event, error)
}

// recorder writes facts and knows the number of the newest.
type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
	Last() uint64
}

// Subscription hands out facts in order and without gaps.
type Subscription interface {
	// NextBatch waits for at least one fact; buf may be used for the answer.
	NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error)
	Close()
}

// auctions is what the pages need to know of the sale.
type auctions interface {
	Block() Block                                                   // cheap: asked for by every reader of the lot page
	Lots(ctx context.Context) ([]Lot, error)                        // of the session under way, in order
	Bids(ctx context.Context, lot string, limit int) ([]Bid, error) // newest first, refused ones too
}

// operator is what a person may do to the lot on the block; an error is the reason why not.
type operator interface {
	Pause(ctx context.Context, who string) error
	Resume(ctx context.Context, who string) error
	ExtendFor(ctx context.Context, who string, by time.Duration) error
	Hammer(ctx context.Context, who string) error
	Withdraw(ctx context.Context, who string) error
}

// director takes the operator's cues as it takes those of plugins.
type director interface {
	Offer(ctx context.Context, cause event.Event, cues []cue.Cue)
}

// plugins is what the pages see of the plugin host, and what a person may do to it. who did it and cause, the number of
// the act in the ledger, go into the facts that follow.
type plugins interface {
	Plugins(ctx context.Context) ([]Plugin, error)
	Plugin(ctx context.Context, id, state string) (PluginDetail, error)
	Logs(ctx context.Context, id string, limit int) ([]LogLine, error) // newest last
	Slots(ctx context.Context) ([]Slot, error)
	Report(ctx context.Context, slot string) (ShadowReport, error)
	Quarantine(ctx context.Context, slot string) ([]Quarantined, error) // newest first

	Swap(ctx context.Context, id, who string, cause uint64) (Swap, error)
	Shadow(ctx context.Context, id, who string, cause uint64) (Slot, error)
	DropShadow(ctx context.Context, slot, who string, cause uint64) (Slot, error)
	Promote(ctx context.Context, slot string, p PromoteRequest, who string, cause uint64) (Promoted, error)
	CancelPromotion(ctx context.Context, slot, who string, cause uint64) (Slot, error)
	RollBack(ctx context.Context, slot, who string, cause uint64) (Swap, error)
	Grant(ctx context.Context, id, power string, g GrantRequest, who string, cause uint64) (Capability, error)
	Revoke(ctx context.Context, id, power, who string, cause uint64) (Capability, error)
	Consents(ctx context.Context) ([]Consent, error) // the most urgent first
	Decide(ctx context.Context, seq uint64, allow bool, who string, cause uint64) (Consent, error)
	Retry(ctx context.Context, slot string, seq uint64, who string, cause uint64) (Retried, error)
}

// store keeps the owner's settings between starts.
type store interface {
	SettingGet(ctx context.Context, key string) (value []byte, ok bool, err error)
	SettingPut(ctx context.Context, key string, value []byte) error
}

// Preview is the programme as fragmented MP4.
type Preview struct {
	Codec     string        // such as "avc1.42c01f,mp4a.40.2"
	Init      []byte        // ftyp and moov
	Fragments <-chan []byte // moof and mdat, beginning at a key frame; closed when the stream starts anew
}

// Config says what the pages show and where their acts go. The zero value serves a control room whose parts are all absent.
type Config struct {
	Ledger    ledger
	Bus       recorder
	Subscribe func(after uint64) Subscription // facts with a greater number, from now on
	Auctions  auctions
	Operator  operator
	Director  director
	Plugins   plugins
	Packages  packages
	Replays   replays
	Show      func() Show                                             // state of the programme, cheap
	Frame     func() image.Image                                      // the newest frame, nil when there is none
	Preview   func(ctx context.Context) (Preview, error)              // until ctx ends
	Stage     func() Stage                                            // what can be asked of it
	Reload    func(ctx context.Context, cause uint64) (Scenes, error) // reads the scenes again, because of an act
	Artwork   fs.FS                                                   // pictures of the lots by Terms.Image

	Store    store         // nil: kept in memory, so the owner's password is new at every start
	Password string        // of the owner; empty: the stored one, or a new one (FirstPassword)
	Token    string        // lets programs on this machine act as "cli" with "Authorization: Bearer"; empty: none
	Session  time.Duration // how long a login lasts without use; 0: 12 hours

	Epoch   string   // identity of the ledger; a page that sees another one starts over. Empty: new at every start
	Name    string   // of the show, for titles; empty: "SothebAIs"
	Handle  string   // account that bidders write to, without @
	PostURL string   // page where bidders write, which takes the words as ?text=; empty: the one of X
	Version string   // of the program
	Origins []string // hosts, besides our own, whose pages may open our sockets
	UI      fs.FS    // built control room; nil: the one in the binary

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

func (c Config) withDefaults() Config {
	if c.Session == 0 {
		c.Session = 12 * time.Hour
	}
	if c.Name == "" {
		c.Name = "SothebAIs"
	}
	if c.PostURL == "" {
		c.PostURL = "https://x.com/intent/post"
	}
	if c.Epoch == "" {
		c.Epoch = newToken()
	}
	if c.Store == nil {
		c.Store = &memoryStore{}
	}
	if c.Stage == nil {
		c.Stage = func() Stage { return Stage{} }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.UI == nil {
		c.UI = builtUI()
	}
	return c
}
