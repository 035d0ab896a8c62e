package e2e

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const crashShow = `campaign: Crash
session: Night
gap: 1s
loop: true
bidders: open
lots:
  - {title: One, image: ember-dunes.png, start: 0.01 ETH, increment: 0.001 ETH, duration: 20s, soft_close: {window: 3s, extend: 3s, cap: 2}}
  - {title: Two, image: night-bus.png, start: 0.01 ETH, increment: 0.001 ETH, duration: 20s, soft_close: {window: 3s, extend: 3s, cap: 2}}
`

// TestKilledAtRandom kills a show under load, again and again, while X goes on; then it compares what X and the ledger
// know. An answer on X is an acknowledgement: the bid behind it must be in the ledger, once.
func TestKilledAtRandom(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	data, showFile := filepath.Join(dir, "data"), filepath.Join(dir, "show.yaml")
	if err := os.WriteFile(showFile, []byte(crashShow), 0o600); err != nil {
		t.Fatal(err)
	}
	sim := start(t, freePorts(), simBin, "--x-port", "0", "--rtmp-port", "0", "--posts-per-second", "20", "--json")
	at := sim.waitFor("xsim", time.Minute)
	env := append(freePorts(), "X_POSTS_PER_15_MINUTES=5000", "X_API_BASE_URL="+at["xsim"].(string), "X_BEARER_TOKEN="+at["bearer"].(string),
		"TWITTER_API_KEY="+at["api_key"].(string), "TWITTER_API_SECRET="+at["api_secret"].(string),
		"TWITTER_ACCESS_TOKEN="+at["access_token"].(string), "TWITTER_ACCESS_TOKEN_SECRET="+at["access_token_secret"].(string))
	run := func() *program { return start(t, env, bin, "run", "--show", showFile, "--data-dir", data, "--json") }

	rng := rand.New(rand.NewPCG(20, 26))
	for range kills {
		p := run()
		p.waitFor("on_air", time.Minute)
		time.Sleep(200*time.Millisecond + time.Duration(rng.IntN(2500))*time.Millisecond)
		p.kill()
	}
	p := run()
	p.waitFor("on_air", time.Minute)
	before := ledger(t, data, 0)
	await(t, data, before[len(before)-1].Seq, time.Minute, "bid after the last crash", kind("bid.accepted"))
	await(t, data, before[len(before)-1].Seq, time.Minute, "lot closed after the last crash", func(f fact) bool { return f.Type == "lot.sold" || f.Type == "lot.unsold" })
	answered := answersOnX(t, at["xsim"].(string))
	p.stop()

	facts := ledger(t, data, 0)
	intents, decided := checkBids(t, facts)
	if len(answered) < 20 {
		t.Errorf("X shows %d answers: too few to tell", len(answered))
	}
	for id := range answered {
		switch {
		case intents[id] == "":
			t.Errorf("post %s was answered on X and is not in the ledger", id)
		case intents[id] == "bid" && decided[id] == 0:
			t.Errorf("the bid in post %s was answered on X and was never decided", id)
		}
	}
	t.Logf("%d kills, %d facts, %d bids decided, %d answers on X", kills, len(facts), len(decided), len(answered))
}

// checkBids holds the ledger against the rules: numbers without gaps, one decision a post, prices that only rise.
func checkBids(t *testing.T, facts []fact) (intents map[string]string, decided map[string]int) {
	t.Helper()
	intents, decided = map[string]string{}, map[string]int{}
	price := map[string]*big.Int{}
	open := ""
	for i, f := range facts {
		if f.Seq != uint64(i+1) {
			t.Fatalf("fact %d stands at place %d", f.Seq, i+1)
		}
		var d struct {
			Lot    string
			PostID string `json:"post_id"`
			Amount string
			Post   struct{ ID string }
			Intent string
			Terms  struct{ Lot string }
		}
		f.into(t, &d)
		switch f.Type {
		case "post.received":
			if intents[d.Post.ID] != "" {
				t.Errorf("post %s is in the ledger twice", d.Post.ID)
			}
			intents[d.Post.ID] = d.Intent
		case "lot.opened":
			if open != "" {
				t.Errorf("lot %s opens at %d while %s is open", d.Terms.Lot, f.Seq, open)
			}
			open = d.Terms.Lot
		case "lot.sold", "lot.unsold":
			if open != d.Lot {
				t.Errorf("lot %s closes at %d while %q is open", d.Lot, f.Seq, open)
			}
			open = ""
		case "bid.accepted", "bid.refused":
			decided[d.PostID]++
			if decided[d.PostID] > 1 {
				t.Errorf("post %s was decided %d times", d.PostID, decided[d.PostID])
			}
			if f.Type == "bid.refused" {
				continue
			}
			amount, ok := new(big.Int).SetString(d.Amount, 10)
			if !ok || d.Lot != open {
				t.Errorf("bid %d: amount %q on %s while %q is open", f.Seq, d.Amount, d.Lot, open)
			} else if was := price[d.Lot]; was != nil && amount.Cmp(was) <= 0 {
				t.Errorf("bid %d of %s does not beat %s", f.Seq, amount, was)
			}
			price[d.Lot] = amount
		}
	}
	return intents, decided
}

// answersOnX are the posts that the host has answered about a bid.
func answersOnX(t *testing.T, sim string) map[string]bool {
	t.Helper()
	var timeline struct {
		Posts []struct {
			ReplyTo string `json:"reply_to"`
			Text    string
			Author  struct{ Username string }
		}
	}
	if err := json.Unmarshal([]byte(get(t, sim+"/devnet/timeline?limit=1000")), &timeline); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, p := range timeline.Posts {
		if p.ReplyTo != "" && p.Author.Username == "sothebais" {
			out[p.ReplyTo] = true
		}
	}
	return out
}
