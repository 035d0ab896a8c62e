package sqlite_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/bus/bustest"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
	"github.com/sothebais/sothebais/migrations"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func put(t testing.TB, db *sqlite.DB, drafts ...event.Draft) []event.Event {
	t.Helper()
	events, err := db.Append(t.Context(), drafts)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// The life of a lot, batch by batch, as a page sees it. The lot has no amount that fits in 64 bits.
func TestLotModel(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	terms := auction.Terms{Lot: "s1-moon", Number: 1, Title: "Moon", Start: money.MustETH("100"), Duration: time.Minute}
	want := sqlite.Lot{Session: "s1", Terms: terms, State: sqlite.StateOpen, OpenedSeq: 1, Opened: at(0), Closes: at(60), Minimum: terms.Start}
	steps := []struct {
		name  string
		facts []event.Data
		then  func(*sqlite.Lot)
	}{
		{"opened", []event.Data{auction.LotOpened{Session: "s1", Terms: terms, Closes: at(60)}}, func(*sqlite.Lot) {}},
		{"two bids and a refusal at once", []event.Data{
			auction.BidAccepted{Lot: "s1-moon", Bidder: "a", Handle: "ann", Amount: money.MustETH("100"), Minimum: money.MustETH("101"), Count: 1, PostID: "1", Closes: at(60)},
			auction.BidRefused{Lot: "s1-moon", Bidder: "c", Handle: "cid", Amount: money.MustETH("1"), Reason: auction.ReasonTooLow, Hint: "more", PostID: "2"},
			auction.BidAccepted{Lot: "s1-moon", Bidder: "b", Handle: "bob", Amount: money.MustETH("200.5"), Minimum: money.MustETH("201.5"), Count: 2, ReserveMet: true, PostID: "3", Closes: at(60)},
		}, func(l *sqlite.Lot) {
			l.Price, l.Minimum, l.Leader, l.Handle, l.Accepted, l.Refused, l.ReserveMet = money.MustETH("200.5"), money.MustETH("201.5"), "b", "bob", 2, 1, true
		}},
		{"extended", []event.Data{auction.LotExtended{Lot: "s1-moon", Closes: at(90), Count: 1}}, func(l *sqlite.Lot) { l.Closes, l.Extensions = at(90), 1 }},
		{"paused", []event.Data{auction.LotPaused{Lot: "s1-moon"}}, func(l *sqlite.Lot) { l.State = sqlite.StatePaused }},
		{"resumed", []event.Data{auction.LotResumed{Lot: "s1-moon", Closes: at(99)}}, func(l *sqlite.Lot) { l.State, l.Closes = sqlite.StateOpen, at(99) }},
		{"sold", []event.Data{auction.LotSold{Lot: "s1-moon"}}, func(l *sqlite.Lot) { l.State, l.Closed = sqlite.StateSold, at(5) }},
	}
	for i, s := range steps {
		var batch []event.Draft
		for _, d := range s.facts {
			batch = append(batch, event.Draft{At: at(i), Data: d})
		}
		put(t, db, batch...)
		s.then(&want)
		got, err := db.Lot(t.Context(), "s1-moon")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the lot is\n%+v; want\n%+v", s.name, got, want)
		}
	}
	bids, err := db.Bids(t.Context(), "s1-moon", 2)
	if err != nil || len(bids) != 2 || bids[0].Handle != "bob" || !bids[0].Accepted || bids[0].Seq != 4 || bids[0].Amount != money.MustETH("200.5") ||
		bids[1].Reason != auction.ReasonTooLow || bids[1].Accepted || bids[1].Hint != "more" || !bids[1].At.Equal(at(1)) {
		t.Errorf("the newest two bids: %+v, %v", bids, err)
	}
	if _, err := db.Lot(t.Context(), "s1-sun"); !errors.Is(err, sqlite.ErrNoLot) {
		t.Errorf("a lot that never was: %v", err)
	}
}

func TestLotsInOrder(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	put(t, db, event.Draft{At: noon, Data: auction.BidRefused{Reason: auction.ReasonNoLot, PostID: "1"}}) // nothing is on the block
	if _, err := db.LastLot(t.Context()); !errors.Is(err, sqlite.ErrNoLot) {
		t.Errorf("the last of no lots: %v", err)
	}
	for _, id := range []auction.LotID{"s1-sun", "s1-moon", "s2-sun"} {
		put(t, db, event.Draft{At: noon, Data: auction.LotOpened{Terms: auction.Terms{Lot: id}}}, event.Draft{At: noon, Data: auction.LotUnsold{Lot: id, Reason: "no_bids"}})
	}
	lots, err := db.Lots(t.Context())
	if err != nil || len(lots) != 3 || lots[0].Terms.Lot != "s1-sun" || lots[2].Terms.Lot != "s2-sun" || lots[1].Reason != "no_bids" {
		t.Errorf("lots: %+v, %v", lots, err)
	}
	if last, err := db.LastLot(t.Context()); err != nil || !reflect.DeepEqual(last, lots[2]) {
		t.Errorf("the last lot: %+v, %v", last, err)
	}
	if got := lots[0].Minimum.String(); got != "1" {
		t.Errorf("a lot without a start price asks for %s wei; the house takes 1", got)
	}
	if bids, err := db.Bids(t.Context(), "", 10); err != nil || len(bids) != 1 {
		t.Errorf("bids on nothing: %+v, %v", bids, err)
	}
}

// A batch that is refused leaves no trace in the read models.
func TestRefusedBatchChangesNoModel(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	put(t, db, event.Draft{Origin: "x:1", At: noon, Data: auction.LotOpened{Terms: auction.Terms{Lot: "moon"}}})
	before, err := db.Lot(t.Context(), "moon")
	if err != nil {
		t.Fatal(err)
	}
	bid := event.Draft{At: noon, Data: auction.BidAccepted{Lot: "moon", Amount: money.FromGwei(5), PostID: "2"}}
	if _, err := db.Append(t.Context(), []event.Draft{bid, {Origin: "x:1", At: noon, Data: bustest.Noted{}}}); !errors.Is(err, event.ErrDuplicateOrigin) {
		t.Fatalf("a duplicate: %v", err)
	}
	if after, err := db.Lot(t.Context(), "moon"); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("the lot became %+v, %v", after, err)
	}
	if bids, err := db.Bids(t.Context(), "moon", 10); err != nil || len(bids) != 0 {
		t.Errorf("bids: %+v, %v", bids, err)
	}
}

func TestAmountsSurvive(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		amount := money.FromUint256(new(uint256.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(r, "amount")))
		lot := auction.LotID("lot" + strconv.Itoa(n))
		if _, err := db.Append(t.Context(), []event.Draft{{At: noon, Data: auction.BidAccepted{Lot: lot, Amount: amount, PostID: "1"}}}); err != nil {
			r.Fatal(err)
		}
		bids, err := db.Bids(t.Context(), lot, 1)
		if err != nil || len(bids) != 1 || bids[0].Amount != amount {
			r.Fatalf("%s came back as %+v, %v", amount, bids, err)
		}
	})
}

func TestChain(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	n := func(n int, cause uint64) event.Draft {
		return event.Draft{Cause: cause, At: noon, Data: bustest.Noted{N: n}}
	}
	put(t, db, n(1, 0), n(2, 0), n(3, 1), n(4, 2), n(5, 3))
	put(t, db, n(6, 5), n(7, 4))
	for root, want := range map[uint64][]uint64{1: {1, 3, 5, 6}, 2: {2, 4, 7}, 3: {3}, 99: nil} {
		chain, err := db.Chain(t.Context(), root)
		var got []uint64
		for _, e := range chain {
			got = append(got, e.Seq)
		}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("the chain of %d is %v, %v; want %v", root, got, err, want)
		}
	}
}

// A fact of a newer program is kept as it is; one whose form does not fit is told with its place.
func TestUnreadableFacts(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	put(t, db, event.Draft{At: noon, Data: event.Unknown{Name: "moon.landed", JSON: json.RawMessage(`{"by":"eagle"}`)}})
	got, err := db.Read(t.Context(), 0, 1)
	if err != nil || got[0].Kind() != "moon.landed" || string(got[0].Data.(event.Unknown).JSON) != `{"by":"eagle"}` {
		t.Fatalf("%+v, %v", got, err)
	}
	put(t, db, event.Draft{At: noon, Data: event.Unknown{Name: auction.KindLotSold, JSON: json.RawMessage(`{"bids":"many"}`)}})
	if _, err := db.Read(t.Context(), 0, 10); err == nil || !strings.Contains(err.Error(), "event 2") || !strings.Contains(err.Error(), "lot.sold") {
		t.Errorf("a fact that does not fit: %v; want an error that names its place and kind", err)
	}
}

// The version of the schema is the number of migrations.
func TestMigrationsAreNumbered(t *testing.T) {
	files, err := fs.Glob(migrations.SQLite, "sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for i, f := range files {
		if n, err := strconv.Atoi(filepath.Base(f)[:5]); err != nil || n != i+1 {
			t.Errorf("%s is number %d; want %05d_<what>.sql", f, n, i+1)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	setVersion(t, path, 9999)
	if _, err := sqlite.Open(t.Context(), path, registry()); err == nil || !strings.Contains(err.Error(), "version 9999") {
		t.Errorf("opening a ledger of a newer program: %v", err)
	}
	if _, err := sqlite.OpenReadOnly(t.Context(), path, registry()); err == nil || !strings.Contains(err.Error(), "version 9999") {
		t.Errorf("looking at a ledger of a newer program: %v", err)
	}
}

// A hundred thousand events are read back page by page, each once.
func TestReadsInPages(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 events")
	}
	const bids = 50_000
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	for n := 0; n < bids; n += 1000 {
		put(t, db, bidDrafts(n, 1000)...)
	}
	read, after := 0, uint64(0)
	for {
		page, err := db.Read(t.Context(), after, 2048)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		read, after = read+len(page), page[len(page)-1].Seq
	}
	if read != 2*bids || after != 2*bids {
		t.Errorf("read %d events up to number %d, want %d", read, after, 2*bids)
	}
}

// TestShows: what divides a ledger is found, and nothing else.
func TestShows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.db")
	reg := event.NewRegistry(append(auction.Facts(), show.Facts()...)...)
	db, err := sqlite.Open(t.Context(), path, reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	put(t, db, event.Draft{Data: show.Started{Version: "1"}}, event.Draft{Data: show.OperatorActed{Who: "ann"}}, event.Draft{Data: show.PluginLoaded{Slot: "overlay", Plugin: "moth"}},
		event.Draft{Data: show.Stopped{Reason: "done"}}, event.Draft{Data: show.Started{Version: "2"}})
	got, err := db.Shows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for _, e := range got {
		seqs = append(seqs, e.Seq)
	}
	if !slices.Equal(seqs, []uint64{1, 3, 4, 5}) {
		t.Errorf("found %v", seqs)
	}
}

// TestOrigin: what came from outside is found by where it came from.
func TestOrigin(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	put(t, db, event.Draft{At: noon, Data: bustest.Noted{}}, event.Draft{Origin: "x:1", At: noon, Data: auction.LotOpened{Terms: auction.Terms{Lot: "moon"}}})
	if e, ok, err := db.Origin(t.Context(), "x:1"); err != nil || !ok || e.Seq != 2 || e.Origin != "x:1" || e.Kind() != auction.KindLotOpened {
		t.Errorf("%+v, %v, %v", e, ok, err)
	}
	for _, none := range []string{"x:2", ""} {
		if e, ok, err := db.Origin(t.Context(), none); err != nil || ok {
			t.Errorf("%q: %+v, %v", none, e, err)
		}
	}
}
