package admin

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// everything that needs a login, by method and path.
var guarded = []string{
	"GET /api/v1/me", "POST /api/v1/logout", "GET /api/v1/show", "GET /api/v1/stage", "POST /api/v1/stage/say", "POST /api/v1/stage/mood",
	"POST /api/v1/stage/gesture", "POST /api/v1/stage/scene", "GET /api/v1/block", "GET /api/v1/lots", "GET /api/v1/lots/s1-lot-4/bids",
	"POST /api/v1/block/pause", "POST /api/v1/block/resume", "POST /api/v1/block/extend", "POST /api/v1/block/hammer", "POST /api/v1/block/withdraw",
	"GET /api/v1/plugins", "POST /api/v1/plugins/swap", "GET /api/v1/plugins/dusty-gavel", "GET /api/v1/plugins/dusty-gavel/logs",
	"PUT /api/v1/plugins/dusty-gavel/grants/reply", "DELETE /api/v1/plugins/dusty-gavel/grants/reply", "PUT /api/v1/plugins/shadow", "GET /api/v1/slots",
	"GET /api/v1/slots/overlay/shadow", "GET /api/v1/slots/overlay/shadow.md", "DELETE /api/v1/slots/overlay/shadow", "POST /api/v1/slots/overlay/promotion",
	"DELETE /api/v1/slots/overlay/promotion", "POST /api/v1/slots/overlay/roll-back", "GET /api/v1/slots/overlay/quarantine",
	"POST /api/v1/slots/overlay/quarantine/7/retry", "POST /api/v1/stage/scenes/reload", "GET /api/v1/events", "GET /api/v1/events/1/chain", "GET /api/v1/consents", "POST /api/v1/consents/7",
	"POST /api/v1/packages", "POST /api/v1/packages/inspect", "POST /api/v1/packages/fetch", "POST /api/v1/packages/inspected/abababababababababababababababababababababababababababababababab", "GET /api/v1/replays/sessions", "POST /api/v1/replays", "GET /api/v1/replays/running", "GET /api/v1/replays/k3/report.md", "DELETE /api/v1/packages/moth", "GET /api/v1/characters", "POST /api/v1/characters", "GET /api/v1/dev", "PUT /api/v1/dev", "DELETE /api/v1/dev",
	"GET /ws/feed", "GET /ws/preview", "GET /stream/frame",
}

func TestEverythingNeedsALogin(t *testing.T) {
	r := newRoom(t)
	for _, g := range guarded {
		method, path, _ := strings.Cut(g, " ")
		r.problem(r.ask(method, path, ""), 401, "log in first")
		r.problem(r.ask(method, path, "", "Cookie", cookieName+"=forged"), 401)
		r.problem(r.ask(method, path, "", "Authorization", "Bearer wrong"), 401)
	}
	// The table above is whole: nothing in the API is open but what is meant to be.
	for path, item := range r.s.api.OpenAPI().Paths {
		open := path == "/api/v1/login" || path == "/api/v1/public/lot"
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete, "PATCH": item.Patch} {
			if op == nil {
				continue
			}
			if needs := len(op.Security) > 0; needs == open {
				t.Errorf("%s %s: needs a login: %t", method, path, needs)
			}
			listed := slices.ContainsFunc(guarded, func(g string) bool { return fits(method+" "+path, g) })
			if !open && !listed {
				t.Errorf("%s %s is missing from the table", method, path)
			}
		}
	}
}

// fits reports whether a request is one of an operation whose path has places for values.
func fits(operation, request string) bool {
	want, got := strings.Split(operation, "/"), strings.Split(request, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") && want[i] != got[i] {
			return false
		}
	}
	return true
}

func TestLoginAndLogout(t *testing.T) {
	r := newRoom(t)
	r.problem(r.ask("POST", "/api/v1/login", `{"password":"wrong"}`), 401, "SOTHEBAIS_OWNER_PASSWORD")
	r.problem(r.ask("POST", "/api/v1/login", `{}`), 401)
	got := r.ask("POST", "/api/v1/login", `{"password":"`+testPassword+`"}`)
	c := got.Cookies()[0]
	if c.Name != cookieName || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != int((12*time.Hour).Seconds()) {
		t.Errorf("cookie %+v", c)
	}
	if me := decode[Me](r, r.ask("GET", "/api/v1/me", "")); me.Who != whoOwner || me.Epoch != "ledger-1" {
		t.Errorf("me %+v", me)
	}
	if out := r.ask("POST", "/api/v1/logout", ""); out.StatusCode != 204 || out.Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout %d %v", out.StatusCode, out.Cookies())
	}
	// The cookie is worth nothing after the logout, even to whoever kept it.
	r.problem(r.ask("GET", "/api/v1/me", "", "Cookie", cookieName+"="+c.Value), 401)
}

func TestLoginLinkWorksOnce(t *testing.T) {
	r := newRoom(t)
	_, token, _ := strings.Cut(r.s.LoginPath(), "token=")
	if got := r.ask("GET", r.s.LoginPath(), ""); len(got.Cookies()) != 0 {
		t.Error("merely opening the link should use nothing up")
	}
	r.problem(r.ask("POST", "/api/v1/login", `{"token":"nonsense"}`), 401)
	decode[Me](r, r.ask("POST", "/api/v1/login", `{"token":"`+token+`"}`))
	r.problem(r.ask("POST", "/api/v1/login", `{"token":"`+token+`"}`), 401, "used already")
	if r.s.LoginPath() != "/login" {
		t.Errorf("path after use: %s", r.s.LoginPath())
	}
}

func TestControlToken(t *testing.T) {
	r := newRoom(t)
	if me := decode[Me](r, r.ask("GET", "/api/v1/me", "", "Authorization", "Bearer control-token")); me.Who != whoCLI {
		t.Errorf("who %q", me.Who)
	}
	none := newRoom(t, func(c *Config) { c.Token = "" })
	none.problem(none.ask("GET", "/api/v1/me", "", "Authorization", "Bearer "), 401)
}

func TestLoginIsLimited(t *testing.T) {
	r := newRoom(t)
	for range loginBurst {
		r.problem(r.ask("POST", "/api/v1/login", `{"token":"x"}`), 401)
	}
	got := r.ask("POST", "/api/v1/login", `{"password":"`+testPassword+`"}`)
	r.problem(got, 429, "wait")
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestLimitRefills(t *testing.T) {
	var l loginLimit
	now := time.Now()
	for range loginBurst {
		if l.take("a", now) != 0 {
			t.Fatal("the first attempts are free")
		}
	}
	if wait := l.take("a", now); wait <= 0 || wait > loginEvery {
		t.Errorf("wait %v", wait)
	}
	if l.take("b", now) != 0 {
		t.Error("another address should not wait")
	}
	if l.take("a", now.Add(loginEvery)) != 0 {
		t.Error("an attempt should have come back")
	}
	for i := range 10 * loginGlobalBurst {
		l.take(string(rune(i)), now)
	}
	if l.take("fresh", now) == 0 {
		t.Error("many addresses together should be limited")
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	r := newRoom(t)
	r.login()
	for _, head := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		r.problem(r.ask("POST", "/api/v1/block/hammer", `{}`, head...), 403, "another site")
	}
	if len(r.f.acts) != 0 {
		t.Errorf("acts %v", r.f.acts)
	}
	if got := r.ask("POST", "/api/v1/block/pause", `{}`, "Origin", r.url); got.StatusCode != 200 {
		t.Errorf("our own page: %d %s", got.StatusCode, got.body)
	}
}

func TestHeadersKeepPagesIn(t *testing.T) {
	r := newRoom(t)
	for _, path := range []string{"/", "/lot", "/docs", "/api/v1/me"} {
		h := r.ask("GET", path, "").Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestOwnerSurvivesARestart(t *testing.T) {
	st, ctx, now := &memoryStore{}, t.Context(), time.Now()
	first, err := newOwner(ctx, st, "", time.Hour)
	if err != nil || first.fresh == "" {
		t.Fatalf("a password should be made: %v", err)
	}
	cookie, err := first.begin(ctx, now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := newOwner(ctx, st, "", time.Hour)
	if err != nil || second.fresh != "" {
		t.Fatalf("the password should be kept: %v", err)
	}
	if !second.check(first.fresh) || second.check("other") || !second.alive(cookie, now) {
		t.Error("password and session should outlive a restart")
	}
	third, err := newOwner(ctx, st, "chosen", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !third.check("chosen") || third.check(first.fresh) || third.alive(cookie, now) {
		t.Error("a given password should replace the old one and end its sessions")
	}
	if text, _, _ := st.SettingGet(ctx, settingSessions); strings.Contains(string(text), cookie) {
		t.Error("the store should not hold what logs in")
	}
}

func TestPageGoesOnAfterARestart(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.restart()
	decode[Me](r, r.ask("GET", "/api/v1/me", ""))
	r.f.tick(3)
	c := r.feed(`{"op":"sub","cursor":1}`)
	if got := c.until(r.f.Last(), true); got[0].Seq != 2 {
		t.Errorf("resumed at %d", got[0].Seq)
	}
}

func TestSessionsEnd(t *testing.T) {
	o, err := newOwner(t.Context(), &memoryStore{}, "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	cookie, _ := o.begin(t.Context(), now)
	if !o.alive(cookie, now.Add(59*time.Minute)) || !o.alive(cookie, now.Add(118*time.Minute)) {
		t.Error("use should keep a session alive")
	}
	if o.alive(cookie, now.Add(4*time.Hour)) {
		t.Error("disuse should end it")
	}
	for range 3 * maxSessions {
		if _, err := o.begin(t.Context(), now.Add(5*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.sessions) > maxSessions {
		t.Errorf("%d sessions", len(o.sessions))
	}
}

func TestPasswords(t *testing.T) {
	hash := hashPassword("sesame")
	if ok, err := checkPassword(hash, "sesame"); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	if ok, _ := checkPassword(hash, "Sesame"); ok {
		t.Error("a wrong password fits")
	}
	if hash == hashPassword("sesame") {
		t.Error("no salt")
	}
	for _, bad := range []string{"", "plain", "$argon2id$v=19$m=999999999,t=2,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=64,t=2,p=1$!$!", "$bcrypt$v=19$a$b$c"} {
		if ok, err := checkPassword(bad, "sesame"); ok || err == nil {
			t.Errorf("%q: %v %v", bad, ok, err)
		}
	}
	if a, b := newPassword(), newPassword(); a == b || len(a) != 35 || len(syllables) != 64 {
		t.Errorf("%q %q of %d syllables", a, b, len(syllables))
	}
}

func TestAddressesCount(t *testing.T) {
	for in, want := range map[string]string{"127.0.0.1:99": "127.0.0.1", "[2001:db8:1:2:3::4]:9": "2001:db8:1:2::/64", "[::ffff:10.0.0.1]:1": "::ffff:10.0.0.1", "pipe": "pipe"} {
		if got := hostOf(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
