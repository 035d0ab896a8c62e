// Package crowd is the audience of a simulated show: people of several tempers who bid, mistype, ask, chat and
// misbehave. What they do follows from a seed, from the price they know and from nothing else.
package crowd

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Temper is how somebody behaves.
type Temper string

// The tempers.
const (
	Eager   Temper = "eager"   // bids as soon as somebody else leads
	Slow    Temper = "slow"    // bids now and then
	Late    Temper = "late"    // waits for the last seconds
	Clumsy  Temper = "clumsy"  // mistypes
	Hostile Temper = "hostile" // rude, deceiving, or trying to talk the host into something
	Curious Temper = "curious" // asks
	Chatty  Temper = "chatty"  // is there for the company
)

// Lot is what people know of the sale.
type Lot struct {
	ID      string
	Open    bool
	Minimum float64 // ETH that the next bid must offer
	Left    time.Duration
	Leader  string // handle
}

// Config is what a crowd needs.
type Config struct {
	Seed   int64
	Users  []User
	Host   string                            // handle that posts must mention
	Rate   float64                           // posts a second of the whole crowd
	Write  func(userID, text string) error   // posts
	Look   func(context.Context) (Lot, bool) // nil or false: people know the price from the host's answers only
	Logger *slog.Logger
}

// Crowd is the audience at work.
type Crowd struct {
	cfg Config
	rng *rand.Rand

	mu  sync.Mutex
	lot Lot

	budgets map[string]float64 // of a user for a lot, by both
}

// New gathers a crowd.
func New(cfg Config) *Crowd {
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	return &Crowd{cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Seed), 0x50c1a1)), lot: Lot{Open: true, Minimum: 0.1, Left: time.Hour},
		budgets: make(map[string]float64)}
}

var orMore = regexp.MustCompile(`(\d+(?:\.\d+)?) ETH or more`)

// Heard tells the crowd what the host wrote: people learn the price from it.
func (c *Crowd) Heard(text string) {
	m := orMore.FindStringSubmatch(text)
	if m == nil {
		return
	}
	if eth, err := strconv.ParseFloat(m[1], 64); err == nil {
		c.mu.Lock()
		c.lot.Minimum = eth
		c.mu.Unlock()
	}
}

// Run posts at the rate of the crowd, at the random moments of a Poisson process, until the context ends.
func (c *Crowd) Run(ctx context.Context) error {
	if c.cfg.Rate <= 0 || len(c.cfg.Users) == 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if c.cfg.Look != nil {
		wg.Go(func() { c.watch(ctx) })
	}
	next := time.Now()
	for {
		next = next.Add(time.Duration(c.rng.ExpFloat64() / c.cfg.Rate * float64(time.Second)))
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		u, text := c.next(c.known())
		if text == "" {
			continue
		}
		if err := c.cfg.Write(u.ID, text); err != nil {
			c.cfg.Logger.Debug("a post was not taken", "user", u.Handle, "err", err)
		}
	}
}

// watch keeps looking at the sale.
func (c *Crowd) watch(ctx context.Context) {
	for {
		if lot, ok := c.cfg.Look(ctx); ok {
			c.mu.Lock()
			c.lot = lot
			c.mu.Unlock()
		}
		timer := time.NewTimer(500 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (c *Crowd) known() Lot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lot
}

// next is who speaks now and what they say; no text when they think better of it.
func (c *Crowd) next(lot Lot) (User, string) {
	u := c.pick(lot)
	host := "@" + c.cfg.Host + " "
	switch u.Temper {
	case Eager, Slow, Late:
		if text := c.bid(u, lot); text != "" {
			return u, host + text
		}
		if c.rng.Float64() < 0.3 {
			return u, host + c.one(resigned)
		}
		return u, host + c.one(chat)
	case Clumsy:
		return u, host + c.mistyped(lot)
	case Hostile:
		return u, host + c.hostile(lot)
	case Curious:
		return u, host + c.one(questions)
	default:
		return u, host + c.one(chat)
	}
}

// pick draws somebody. Bidders draw near as the lot draws to its end, the late ones only then.
func (c *Crowd) pick(lot Lot) User {
	for {
		u := c.cfg.Users[c.rng.IntN(len(c.cfg.Users))]
		keep := 1.0
		switch {
		case u.Temper == Late && lot.Left > 25*time.Second:
			keep = 0.02
		case u.Temper == Slow:
			keep = 0.35
		case (u.Temper == Eager || u.Temper == Late) && lot.Leader == u.Handle:
			keep = 0.05
		case u.Temper == Hostile:
			keep = 0.5
		}
		if c.rng.Float64() < keep {
			return u
		}
	}
}

// bid is a good bid in one of the ways in which people write it; nothing when the price is past what the bidder would pay.
func (c *Crowd) bid(u User, lot Lot) string {
	if !lot.Open && c.rng.Float64() < 0.9 {
		return ""
	}
	amount := c.amount(lot.Minimum)
	if amount > c.budget(u, lot) {
		return ""
	}
	return c.phrase(eth(amount))
}

// budget is what a user would pay for a lot: drawn once, from many small purses and a few large ones.
func (c *Crowd) budget(u User, lot Lot) float64 {
	key := u.ID + " " + lot.ID
	b, ok := c.budgets[key]
	if !ok {
		b = max(lot.Minimum, 0.05) * math.Exp(0.9+0.6*c.rng.NormFloat64())
		if len(c.budgets) > 10_000 { // lots long gone
			clear(c.budgets)
		}
		c.budgets[key] = b
	}
	return b
}

// amount is the minimum or a little more, in a round number.
func (c *Crowd) amount(minimum float64) float64 {
	steps := []float64{0, 0, 0, 0.02, 0.05, 0.1}
	want := minimum * (1 + steps[c.rng.IntN(len(steps))])
	grain := math.Pow(10, math.Floor(math.Log10(max(want, 1e-6)))-2)
	return math.Ceil(want/grain-1e-9) * grain
}

// eth prints an amount without needless zeros and without the dirt of binary fractions.
func eth(amount float64) string {
	return strconv.FormatFloat(math.Round(amount*1e9)/1e9, 'f', -1, 64)
}
