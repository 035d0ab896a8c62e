package auctioneer_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
)

// victimDir names the folder in which this binary is to hold an auction until it is killed.
const victimDir = "AUCTIONEER_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		if err := victim(dir, os.Getenv("AUCTIONEER_TEST_VICTIM_LIFE"), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func registry() *event.Registry {
	return event.NewRegistry(append(append(auction.Facts(), post.Facts()...), show.Facts()...)...)
}

// ack is what a victim says on its standard output once a bid is acknowledged.
type ack struct {
	origin   string
	seq      uint64 // 0 when it was a duplicate of an earlier life
	accepted bool
}

func (a ack) String() string { return fmt.Sprintf("%s %d %t\n", a.origin, a.seq, a.accepted) }

func parseAck(line string) (a ack, err error) {
	_, err = fmt.Sscanf(line, "%s %d %t", &a.origin, &a.seq, &a.accepted)
	return a, err
}

// shortLots is a plan that never ends.
func shortLots() auctioneer.Config {
	return auctioneer.Config{Session: auction.Session{Loop: true, Gap: 20 * time.Millisecond, Lots: []auction.Terms{
		{Title: "Moon", Start: money.FromGwei(1), Duration: 150 * time.Millisecond}, {Title: "Sun", Start: money.FromGwei(1), Duration: 150 * time.Millisecond},
	}}}
}

// rebuild opens a house on what a ledger holds.
func rebuild(ctx context.Context, db *sqlite.DB) (*bus.Bus, *auctioneer.Auctioneer, error) {
	b, err := bus.New(ctx, db, bus.Config{})
	if err != nil {
		return nil, nil, err
	}
	a := auctioneer.New(b, shortLots())
	return b, a, a.Replay(ctx, db)
}

// victim holds an auction of short lots, bids in it from many sides, and writes down what is acknowledged, until it is
// killed. It hands in the posts of its former life as well, as a platform does that was not heard out.
func victim(dir, life string, out io.Writer) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "show.db"), registry())
	if err != nil {
		return err
	}
	b, a, err := rebuild(ctx, db)
	if err != nil {
		return err
	}
	go func() { _ = b.Run(ctx) }()
	go func() { _ = a.Run(ctx) }()
	n, err := strconv.Atoi(life)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for who := range 8 {
		go func() { errs <- bidForever(ctx, a, n, who, out) }()
	}
	return <-errs
}

func bidForever(ctx context.Context, a *auctioneer.Auctioneer, life, who int, out io.Writer) error {
	name := "bidder" + strconv.Itoa(who)
	for i := 0; ; i++ {
		for _, l := range []int{life - 1, life} {
			id := fmt.Sprintf("%d-%d-%d", l, who, i)
			amount := money.FromGwei(uint64(1 + rand.IntN(1_000_000)))
			o, err := a.Place(ctx, auctioneer.Bid{Bidder: name, Handle: name, Amount: amount, Post: post.Post{ID: id, Root: id, Handle: name}})
			if err != nil {
				return err
			}
			if _, err := io.WriteString(out, ack{"x:" + id, o.Event.Seq, o.Accepted != nil}.String()); err != nil {
				return err
			}
		}
	}
}

// TestKilled kills an auction house again and again, at any moment, and looks into the ledger: every bid that was
// acknowledged is there, once, with the outcome that was told; the lots go on from life to life.
func TestKilled(t *testing.T) {
	lives := 20
	if testing.Short() {
		lives = 4
	}
	dir := t.TempDir()
	var acks []ack
	for life := range lives {
		acks = append(acks, liveAndDie(t, dir, life, time.Duration(50+rand.IntN(400))*time.Millisecond)...)
	}
	// Whoever only looks must find everything, though nobody has tidied up after the last kill.
	db, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(dir, "show.db"), registry())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	events := readAll(t, db)
	checkAcks(t, acks, events)
	checkTimeline(t, events)
	checkGoesOn(t, dir)
	t.Logf("%d lives, %d acknowledged bids, %d events", lives, len(acks), len(events))
}

// liveAndDie runs one life and kills it some time after its first acknowledgement.
func liveAndDie(t *testing.T, dir string, life int, span time.Duration) (acks []ack) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir, "AUCTIONEER_TEST_VICTIM_LIFE="+strconv.Itoa(life))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() { time.AfterFunc(span, func() { _ = cmd.Process.Kill() }) })
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the last line may be cut: that bid was not acknowledged
			break
		}
		kill()
		a, err := parseAck(line)
		if err != nil {
			t.Fatalf("life %d says %q: %v", life, line, err)
		}
		acks = append(acks, a)
	}
	var died *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &died) || died.ExitCode() != -1 {
		t.Fatalf("life %d was not killed, it ended: %v", life, err)
	}
	return acks
}

func readAll(t *testing.T, db *sqlite.DB) []event.Event {
	t.Helper()
	var all []event.Event
	for {
		page, err := db.Read(t.Context(), uint64(len(all)), 4096)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

func checkAcks(t *testing.T, acks []ack, events []event.Event) {
	t.Helper()
	posts := map[string]int{}
	for _, e := range events {
		if e.Origin != "" {
			posts[e.Origin]++
		}
	}
	for origin, n := range posts {
		if n != 1 {
			t.Errorf("post %s is in the ledger %d times", origin, n)
		}
	}
	for _, a := range acks {
		if posts[a.origin] != 1 {
			t.Errorf("acknowledged bid %s is in the ledger %d times", a.origin, posts[a.origin])
		}
		if a.seq == 0 {
			continue
		}
		if a.seq > uint64(len(events)) {
			t.Errorf("bid %s was acknowledged as event %d; the ledger ends at %d", a.origin, a.seq, len(events))
			continue
		}
		e := events[a.seq-1]
		_, accepted := e.Data.(auction.BidAccepted)
		if cause := events[e.Cause-1]; cause.Origin != a.origin || accepted != a.accepted {
			t.Errorf("bid %s was acknowledged as event %d, accepted %t; there is %+v", a.origin, a.seq, a.accepted, e)
		}
	}
}

// checkTimeline replays the ledger as one auction: no gap, no step back, no lot twice, no price that falls.
func checkTimeline(t *testing.T, events []event.Event) {
	t.Helper()
	opened := map[auction.LotID]bool{}
	var lot auction.LotID
	var price money.Wei
	for i, e := range events {
		if e.Seq != uint64(i+1) || i > 0 && e.At.Before(events[i-1].At) {
			t.Fatalf("event %d follows event %d of %s: %+v", e.Seq, i, events[max(i-1, 0)].At, e)
		}
		switch d := e.Data.(type) {
		case auction.LotOpened:
			if lot != "" || opened[d.Terms.Lot] {
				t.Errorf("event %d opens %s while %q is open", e.Seq, d.Terms.Lot, lot)
			}
			lot, price, opened[d.Terms.Lot] = d.Terms.Lot, money.Wei{}, true
		case auction.BidAccepted:
			if d.Lot != lot || d.Amount.Cmp(price) <= 0 {
				t.Errorf("event %d takes %s on %s; %s stands at %s", e.Seq, d.Amount, d.Lot, lot, price)
			}
			price = d.Amount
		case auction.LotSold:
			if d.Lot != lot || d.Amount != price {
				t.Errorf("event %d sells %s for %s; %s stands at %s", e.Seq, d.Lot, d.Amount, lot, price)
			}
			lot = ""
		case auction.LotUnsold:
			lot = ""
		}
	}
}

// checkGoesOn opens the house once more: the lot on the block ends, and the next ones come.
func checkGoesOn(t *testing.T, dir string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "show.db"), registry())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	b, a, err := rebuild(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	sub := b.Subscribe(b.Last(), auction.KindLotOpened, auction.KindLotSold, auction.KindLotUnsold)
	defer sub.Close()
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.Run(ctx) })
	wg.Go(func() { _ = a.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	for range 5 {
		if e, err := sub.Next(ctx); err != nil {
			t.Fatalf("the lots do not go on: %v", err)
		} else if e.Kind() == auction.KindLotOpened {
			if _, err := a.Place(ctx, bid(fmt.Sprint("after-", e.Seq), "ann", "1")); err != nil {
				t.Errorf("nobody can bid: %v", err)
			}
		}
	}
}
