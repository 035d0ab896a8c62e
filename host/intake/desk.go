package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/account"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/telemetry"
)

type auctions interface {
	PlaceBid(ctx context.Context, p post.Post, b auction.Bid) error
	RefuseBid(ctx context.Context, p post.Post, r auction.BidRefused) error
}

type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

type accounts interface {
	Lookup(authorID, handle string) (account.Account, bool)
}

// Config names what a Desk works with. Auctions and Facts are needed; without Accounts nobody is known.
type Config struct {
	Auctions auctions
	Facts    recorder
	Accounts accounts
	Self     string                // handle or author id of the show itself, whose posts are passed over
	Limit    int                   // posts of one author in a Window; 20 when 0
	Window   time.Duration         // 5 s when 0
	Logger   *slog.Logger          // none when nil
	Metrics  prometheus.Registerer // none when nil
}

// Desk takes posts in. It is safe for use by many goroutines.
type Desk struct {
	cfg     Config
	log     *slog.Logger
	limits  *limits
	metrics *metrics
}

// ErrNoIdentity says that a post came without an id.
var ErrNoIdentity = errors.New("a post needs an id")

// New returns a desk.
func New(cfg Config) *Desk {
	if cfg.Limit <= 0 {
		cfg.Limit = 20
	}
	if cfg.Window <= 0 {
		cfg.Window = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Accounts == nil {
		cfg.Accounts = nobody{}
	}
	return &Desk{cfg: cfg, log: cfg.Logger, limits: newLimits(cfg.Limit, cfg.Window), metrics: newMetrics(cfg.Metrics)}
}

type nobody struct{}

func (nobody) Lookup(string, string) (account.Account, bool) { return account.Account{}, false }

// Receive takes a post in and returns when what became of it is durable. A post that was taken before, in this version
// or an earlier one, is passed over. After an error the post may be handed in again.
func (d *Desk) Receive(ctx context.Context, p post.Post) error {
	if p.ID == "" {
		return ErrNoIdentity
	}
	if p.Root == "" {
		p.Root = p.ID
	}
	if d.isSelf(p) {
		return nil
	}
	r := Parse(p.Text)
	d.metrics.received(r)
	switch d.limits.take(p.AuthorID+"/"+p.Handle, p.Root, p.At) {
	case drop:
		d.metrics.dropped.Inc()
		return nil
	case tell:
		if r.Intent == post.IntentBid {
			r.Reason, r.Hint = auction.ReasonRateExceeded, hint(auction.ReasonRateExceeded)
		}
		d.log.Warn("an author posts too fast", "author", p.AuthorID)
	}
	if err := d.hand(ctx, p, r); err != nil {
		return fmt.Errorf("take in post %s: %w", p.ID, err)
	}
	return nil
}

func (d *Desk) isSelf(p post.Post) bool {
	return d.cfg.Self != "" && (p.AuthorID == d.cfg.Self || strings.EqualFold(p.Handle, strings.TrimPrefix(d.cfg.Self, "@")))
}

// hand passes a post on by what it wants.
func (d *Desk) hand(ctx context.Context, p post.Post, r Reading) error {
	if r.Intent != post.IntentBid {
		return d.note(ctx, p, r.Intent)
	}
	a, known := d.cfg.Accounts.Lookup(p.AuthorID, p.Handle)
	if !known && r.Reason == "" {
		r.Reason, r.Hint = auction.ReasonUnknown, hint(auction.ReasonUnknown)
	}
	if r.Reason != "" {
		return d.cfg.Auctions.RefuseBid(ctx, p, auction.BidRefused{
			Bidder: a.ID, Handle: p.Handle, Amount: r.Amount, Reason: r.Reason, Hint: r.Hint, PostID: p.ID,
		})
	}
	return d.cfg.Auctions.PlaceBid(ctx, p, auction.Bid{Bidder: a.ID, Handle: p.Handle, Amount: r.Amount, PostID: p.ID})
}

// note records a post that is no bid.
func (d *Desk) note(ctx context.Context, p post.Post, intent post.Intent) error {
	_, err := d.cfg.Facts.Record(ctx, event.Draft{Origin: "x:" + p.Root, Data: post.Received{Post: p, Intent: intent}})
	if errors.Is(err, event.ErrDuplicateOrigin) {
		return nil
	}
	return err
}

type metrics struct {
	posts   *prometheus.CounterVec
	dropped prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	const part = "intake"
	m := &metrics{
		posts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "posts_total", Help: "Posts read, by intent."}, []string{"intent"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "dropped_posts_total", Help: "Posts dropped because their author posted too fast."}),
	}
	if reg != nil {
		reg.MustRegister(m.posts, m.dropped)
	}
	return m
}

func (m *metrics) received(r Reading) { m.posts.WithLabelValues(string(r.Intent)).Inc() }
