package admin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/show"
)

const octets = "application/octet-stream"

// lastAct is what an operator did last.
func (r *room) lastAct() string {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	for _, e := range slices.Backward(r.f.facts) {
		if a, ok := e.Data.(show.OperatorActed); ok {
			return a.Who + " " + a.What
		}
	}
	return ""
}

func TestPackagesAreLookedAtFirst(t *testing.T) {
	r := newRoom(t)
	r.problem(r.ask("POST", "/api/v1/packages", "moth signed 1.1.0", "Content-Type", octets), 401, "log in")
	r.login()
	signature := base64.StdEncoding.EncodeToString([]byte("untrusted comment: x"))
	got := decode[PackageReport](r, r.ask("POST", "/api/v1/packages/inspect", "moth signed 1.1.0", "Content-Type", octets, "Package-Signature", signature))
	if got.Signature != SignatureTrusted || got.Name != "moth@1.1.0" || got.There || len(got.Powers) != 2 {
		t.Errorf("seen %+v", got)
	}
	if r.lastAct() != "" {
		t.Errorf("looking was an act: %s", r.lastAct())
	}
	decode[PackageReport](r, r.ask("POST", "/api/v1/packages", "moth signed 1.1.0", "Content-Type", octets, "Package-Signature", signature))
	if got := r.lastAct(); got != "owner installed moth@1.1.0" {
		t.Errorf("act %q", got)
	}
	r.problem(r.ask("POST", "/api/v1/packages", "PK", "Content-Type", octets), 422, "no zip archive")
	r.problem(r.ask("POST", "/api/v1/packages/inspect", "moth signed 1.1.0", "Content-Type", octets, "Package-Signature", "%"), 422, "Package-Signature", "base64")
	r.problem(r.ask("POST", "/api/v1/packages/inspect", strings.Repeat("x", MaxUpload+1), "Content-Type", octets), 413)
}

// TestPackagesAtAnAdminsWord: what is refused is no act; that it was let in all the same is one, with the reason, and the
// word counts for that very content.
func TestPackagesAtAnAdminsWord(t *testing.T) {
	r := newRoom(t)
	r.login()
	const at = "/api/v1/packages"
	r.problem(r.ask("POST", at, "moth signed 1.2.0", "Content-Type", octets), 409, "has no signature")
	r.problem(r.ask("POST", at+"?anyway=cd", "moth signed 1.2.0", "Content-Type", octets), 409, "another package")
	if got := r.lastAct(); got != "" {
		t.Errorf("a refusal was an act: %s", got)
	}
	decode[PackageReport](r, r.ask("POST", at+"?anyway="+sumOf("moth signed 1.2.0"), "moth signed 1.2.0", "Content-Type", octets))
	if got := r.lastAct(); !strings.HasPrefix(got, "owner installed moth@1.2.0 although: unsigned package") {
		t.Errorf("act %q", got)
	}
	r.problem(r.ask("DELETE", at+"/nobody@1.0.0", ""), 404, "not installed")
	if got := decode[Removed](r, r.ask("DELETE", at+"/moth@1.2.0", "")); got.Plugin != "moth@1.2.0" || r.lastAct() != "owner removed the installed moth@1.2.0" {
		t.Errorf("removed %+v, act %q", got, r.lastAct())
	}
}

// TestPackagesAreReadOnce: what was looked at is what is installed, without being sent again.
func TestPackagesAreReadOnce(t *testing.T) {
	r := newRoom(t)
	r.login()
	const at = "/api/v1/packages/"
	seen := decode[PackageReport](r, r.ask("POST", at+"fetch", `{"address":" oci://registry.example/ann/moth:1.3.0 "}`))
	if seen.Source != "oci://registry.example/ann/moth:1.3.0" || seen.Signature != SignatureTrusted || r.lastAct() != "" {
		t.Errorf("seen %+v, act %q", seen, r.lastAct())
	}
	decode[PackageReport](r, r.ask("POST", at+"inspected/"+seen.SHA256, ""))
	if r.f.shop.parsed != 1 || r.lastAct() != "owner installed moth@1.3.0" {
		t.Errorf("read %d times, act %q", r.f.shop.parsed, r.lastAct())
	}
	r.problem(r.ask("POST", at+"inspected/"+seen.SHA256, ""), 404, "look at it again")
	r.problem(r.ask("POST", at+"fetch", `{"address":"https://10.0.0.7/moth:1.3.0"}`), 422, "no public address")
	r.problem(r.ask("POST", at+"fetch", `{"address":"oci:registry.example/none"}`), 502, "no such package")
	r.problem(r.ask("POST", at+"fetch", `{"address":""}`), 422, "body.address")

	unsigned := decode[PackageReport](r, r.ask("POST", at+"inspect", "moth unsigned 1.4.0", "Content-Type", octets))
	r.problem(r.ask("POST", at+"inspected/"+unsigned.SHA256, ""), 409, "has no signature")
	r.problem(r.ask("POST", at+"inspected/"+unsigned.SHA256+"?anyway="+seen.SHA256, ""), 409, "another package")
	decode[PackageReport](r, r.ask("POST", at+"inspected/"+unsigned.SHA256+"?anyway="+unsigned.SHA256, ""))
	if got := r.lastAct(); !strings.HasPrefix(got, "owner installed moth@1.4.0 although: unsigned package") {
		t.Errorf("act %q", got)
	}
}

func sumOf(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

func TestNewCharacters(t *testing.T) {
	r := newRoom(t)
	r.login()
	if got := decode[CharacterList](r, r.ask("GET", "/api/v1/characters", "")).Items; !slices.Equal(got, []string{"dusty", "mina"}) {
		t.Errorf("characters %v", got)
	}
	got := decode[BegunCharacter](r, r.ask("POST", "/api/v1/characters", `{"id":"day-moth","plays":"mina"}`))
	if got.Plugin != "day-moth" || !strings.HasPrefix(got.Command, "sothebais dev ") || r.lastAct() != "owner began the character day-moth" {
		t.Errorf("begun %+v, act %q", got, r.lastAct())
	}
	r.problem(r.ask("POST", "/api/v1/characters", `{"id":"day-moth","plays":"mina"}`), 409, "already")
	r.problem(r.ask("POST", "/api/v1/characters", `{"id":"","plays":"mina"}`), 422, "body.id")
	if n := r.f.Last(); r.lastAct() != "owner began the character day-moth" || n != 3 {
		t.Errorf("a refusal was an act: %d facts", n)
	}
}

func TestConsents(t *testing.T) {
	r := newRoom(t)
	r.login()
	got := decode[Capability](r, r.ask("PUT", "/api/v1/plugins/dusty-gavel/grants/reply", `{"ask":true}`))
	if !got.Granted || !got.Ask || r.lastAct() != "owner granted reply to dusty-gavel, asked each time" {
		t.Errorf("granted %+v, act %q", got, r.lastAct())
	}
	if list := decode[ConsentList](r, r.ask("GET", "/api/v1/consents", "")).Items; len(list) != 0 {
		t.Errorf("waiting %+v", list)
	}
	r.f.consult("reply", "One of one.", time.Minute)
	list := decode[ConsentList](r, r.ask("GET", "/api/v1/consents", "")).Items
	if len(list) != 1 || list[0].Content != "One of one." {
		t.Fatalf("waiting %+v", list)
	}
	at := "/api/v1/consents/" + number(list[0].Seq)
	decode[Consent](r, r.ask("POST", at, `{"allow":true}`))
	facts, err := r.f.Read(t.Context(), r.f.Last()-2, 2)
	if err != nil || facts[0].Data.(show.OperatorActed).What != "allowed reply once for dusty-gavel: One of one." || facts[1].Cause != facts[0].Seq || !facts[1].Data.(show.PowerDecided).Allowed {
		t.Errorf("facts %+v, %v", facts, err)
	}
	r.problem(r.ask("POST", at, `{"allow":true}`), 404, "decided already")
}

func TestDevReports(t *testing.T) {
	r := newRoom(t)
	r.login()
	report := `{"plugin":"moth","folder":"/moth","error":"","events":20,"reactions":"1 bid.accepted","millis":87,"saves":1,"at":"2026-01-01T00:00:00Z","in_shadow":true}`
	first := decode[DevList](r, r.ask("GET", "/api/v1/dev", ""))
	decode[Done](r, r.ask("PUT", "/api/v1/dev", report))
	got := decode[DevList](r, r.ask("GET", "/api/v1/dev?after="+number(first.Revision), ""))
	if len(got.Items) != 1 || got.Items[0].Millis != 87 || got.Revision == first.Revision {
		t.Errorf("reports %+v", got)
	}
	decode[Done](r, r.ask("PUT", "/api/v1/dev", report)) // renews, and is no news
	if now := decode[DevList](r, r.ask("GET", "/api/v1/dev", "")); now.Revision != got.Revision {
		t.Errorf("revision %d, was %d", now.Revision, got.Revision)
	}
	decode[Done](r, r.ask("DELETE", "/api/v1/dev?folder=%2Fmoth", ""))
	if now := decode[DevList](r, r.ask("GET", "/api/v1/dev", "")); len(now.Items) != 0 {
		t.Errorf("left %+v", now)
	}
}

// TestDevReportsEnd when nobody renews them, and who waits for news is told.
func TestDevReportsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{devs: newDevs()}
		if !s.devs.put(DevReport{Folder: "/moth", At: time.Now()}, time.Now()) {
			t.Fatal("refused")
		}
		was, _ := s.devs.list(time.Now())
		began := time.Now()
		got, err := s.listDevs(t.Context(), &struct {
			After uint64 `query:"after" doc:"a revision: wait for a newer one, for a while"`
		}{was.Revision})
		if err != nil || len(got.Body.Items) != 0 || time.Since(began) != devHold {
			t.Errorf("%+v, %v after %v", got, err, time.Since(began))
		}
		for i := range maxDevs + 1 {
			if ok := s.devs.put(DevReport{Folder: number(uint64(i))}, time.Now()); ok != (i < maxDevs) {
				t.Errorf("report %d: %v", i, ok)
			}
		}
	})
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
