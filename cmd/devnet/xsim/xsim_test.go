package xsim

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	host = User{ID: "7", Username: "host", Name: "Host"}
	ann  = User{ID: "21", Username: "ann", Name: "Ann"}
	bob  = User{ID: "22", Username: "bob", Name: "Bob"}
)

type fixture struct {
	*Server
	t   *testing.T
	url string
}

func serve(t *testing.T, cfg Config) fixture {
	t.Helper()
	cfg.Host, cfg.Users, cfg.Keys = host, []User{ann, bob}, Keys{Bearer: "app"}
	s := New(cfg)
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.Close(); web.Close() })
	return fixture{s, t, web.URL}
}

// call makes a request as the app and returns the status, the headers and the JSON.
func (f fixture) call(method, path, body string) (int, http.Header, map[string]any) {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer app")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var out map[string]any
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		f.t.Fatalf("%s %s: %q: %v", method, path, b, err)
	}
	return resp.StatusCode, resp.Header, out
}

func (f fixture) say(u User, text string) Post {
	f.t.Helper()
	p, err := f.Write(u.ID, text, "")
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func TestErrorsHaveTheShapeOfX(t *testing.T) {
	f := serve(t, Config{Strict: true, Limits: map[string]int{"GET /2/users/by/username": 1}})
	for _, c := range []struct {
		method, path, body string
		status             int
		title              string
	}{
		{"GET", "/2/nothing", "", 404, "Not Found Error"},
		{"POST", "/2/tweets", `{"text":"hi"}`, 403, "Unsupported Authentication"},
		{"GET", "/2/users/by/username/ann", "", 200, ""},
		{"GET", "/2/users/by/username/ann", "", 429, "Too Many Requests"},
		{"GET", "/2/users/7/mentions?max_results=1000", "", 400, "Invalid Request"},
		{"GET", "/2/users/99/mentions", "", 400, "Invalid Request"},
		{"POST", "/2/tweets/search/stream/rules", `{}`, 400, "Invalid Request"},
		{"GET", "/devnet/timeline?limit=0", "", 400, "Bad Request"},
		{"GET", "/devnet/lot", "", 200, ""},
		{"PUT", "/devnet/host", `{"url":"ftp://x"}`, 400, "Bad Request"},
		{"POST", "/devnet/posts", `{"user":"nobody","text":"hi"}`, 404, "Not Found"},
		{"POST", "/devnet/posts", `{"user":"ann","text":" "}`, 422, "Unprocessable Entity"},
	} {
		status, _, out := f.call(c.method, c.path, c.body)
		if title, _ := out["title"].(string); status != c.status || title != c.title {
			t.Errorf("%s %s: %d %v", c.method, c.path, status, out)
		}
	}
}

func TestRateHeaders(t *testing.T) {
	f := serve(t, Config{})
	for want := 74; want > 72; want-- {
		_, h, _ := f.call("GET", "/2/users/me", "")
		if got := h.Get("x-rate-limit-remaining"); got != fmt.Sprint(want) || h.Get("x-rate-limit-limit") != "75" {
			t.Errorf("remaining %s of %s, want %d of 75", got, h.Get("x-rate-limit-limit"), want)
		}
	}
}

func TestMentionsArePaged(t *testing.T) {
	f := serve(t, Config{})
	var ids []string
	for i := range 12 {
		ids = append(ids, f.say(ann, fmt.Sprint("@HOST <", i, ">")).ID)
		f.say(bob, "@hostess is not meant, nor is a@host")
	}
	f.say(host, "@host to itself")
	var got []string
	path := "/2/users/7/mentions?max_results=5&since_id=" + ids[0]
	for token := ""; ; {
		_, _, out := f.call("GET", path+"&pagination_token="+token, "")
		data, _ := out["data"].([]any)
		for _, d := range data {
			got = append(got, d.(map[string]any)["text"].(string))
		}
		meta := out["meta"].(map[string]any)
		token, _ = meta["next_token"].(string)
		if token == "" {
			break
		}
	}
	if len(got) != 11 || got[0] != "@HOST &lt;11&gt;" || got[10] != "@HOST &lt;1&gt;" {
		t.Errorf("got %q", got)
	}
}

func TestEdits(t *testing.T) {
	f := serve(t, Config{})
	p := f.say(ann, "@host bid 1 ETH")
	if _, err := f.Edit(bob.ID, p.ID, "mine now"); err == nil {
		t.Error("somebody else edited it")
	}
	last := p
	for i := range maxEdits {
		e, err := f.Edit(ann.ID, last.ID, fmt.Sprint("@host bid ", i+2, " ETH"))
		if err != nil {
			t.Fatal(err)
		}
		if e.Root != p.ID || e.ID == last.ID || len(e.History) != i+2 || e.History[0] != p.ID {
			t.Errorf("version %d: %+v", i+2, e)
		}
		last = e
	}
	if _, err := f.Edit(ann.ID, last.ID, "once more"); err == nil {
		t.Error("a sixth edit was taken")
	}
	reply, err := f.Write(ann.ID, "@bob hi", f.say(bob, "hello").ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Edit(ann.ID, reply.ID, "@bob ho"); err == nil {
		t.Error("a reply to somebody else was edited")
	}
}

func TestRules(t *testing.T) {
	p := Post{Author: ann, Text: "@Host I bid 1 ETH", ReplyTo: "5"}
	for rule, want := range map[string]bool{
		"@host": true, "@host -is:retweet": true, "@hos": false, "from:ann bid": true, "from:bob": false, "@host -bid": false, "@host is:reply": true, "cats": false, "@host lang:en": true,
	} {
		if got := (Rule{Value: rule}).matches(p); got != want {
			t.Errorf("%q: %v", rule, got)
		}
	}
	for _, bad := range []string{"", "-is:retweet", "@host has:links", strings.Repeat("x", 1025)} {
		if checkRule(bad) == nil {
			t.Errorf("%.20q was taken", bad)
		}
	}
	f := serve(t, Config{})
	if status, _, out := f.call("POST", "/2/tweets/search/stream/rules", `{"add":[{"value":"@host"},{"value":"near:me"}]}`); status != 201 || out["errors"] == nil {
		t.Errorf("%d %v", status, out)
	}
}

func TestStreamOfOne(t *testing.T) {
	f := serve(t, Config{KeepAlive: 20 * time.Millisecond})
	f.call("POST", "/2/tweets/search/stream/rules", `{"add":[{"value":"@host","tag":"t"}]}`)
	req, err := http.NewRequest("GET", f.url+"/2/tweets/search/stream?expansions=author_id&tweet.fields=author_id,created_at", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer app")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "\r\n" {
		t.Errorf("want a keep-alive, got %q %v", line, err)
	}
	if status, _, out := f.call("GET", "/2/tweets/search/stream", ""); status != 429 || out["connection_issue"] != "TooManyConnections" {
		t.Errorf("a second connection: %d %v", status, out)
	}
	f.say(bob, "not for you")
	p := f.say(ann, "@host hi")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			continue
		}
		var got struct {
			Data struct{ ID, Author_ID string }
			In   struct{ Users []User } `json:"includes"`
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Data.ID != p.ID || got.Data.Author_ID != ann.ID || len(got.In.Users) != 1 || got.In.Users[0] != ann {
			t.Fatalf("%v in %s", err, line)
		}
		break
	}
	f.Disconnect()
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.Contains(string(rest), "operational-disconnect") {
		t.Errorf("the last word is %q, %v", rest, err)
	}
}

// flushing calls back when the head of the answer is sent.
type flushing struct {
	*httptest.ResponseRecorder
	then func()
}

func (f *flushing) Flush() {
	f.ResponseRecorder.Flush()
	then := f.then
	f.then = func() {}
	then()
}

// A client that hears that it is connected misses nothing from then on.
func TestStreamBeginsWhenItSaysSo(t *testing.T) {
	f := serve(t, Config{})
	if status, _, out := f.call("POST", "/2/tweets/search/stream/rules", `{"add":[{"value":"@host"}]}`); status != 201 {
		t.Fatalf("%d %v", status, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	w := &flushing{httptest.NewRecorder(), func() { f.say(ann, "@host early") }}
	f.stream(w, httptest.NewRequestWithContext(ctx, "GET", "/2/tweets/search/stream", nil))
	if !strings.Contains(w.Body.String(), "@host early") {
		t.Errorf("the stream brought %q", w.Body)
	}
}

func TestOldPostsAreForgotten(t *testing.T) {
	f := serve(t, Config{Keep: 100})
	first := f.say(ann, "0")
	var last Post
	for i := range 1000 {
		last = f.say(ann, fmt.Sprint(i+1))
	}
	if posts, _, _ := f.after(0); len(posts) > 120 || posts[len(posts)-1].ID != last.ID {
		t.Errorf("%d posts kept", len(posts))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.find(first.ID); ok {
		t.Error("the first is still there")
	}
	if p, ok := f.find(last.ID); !ok || p.Text != "1000" {
		t.Errorf("the last is %+v", p)
	}
}

func TestPageFilesAreThere(t *testing.T) {
	f := serve(t, Config{})
	for path, want := range map[string]string{"/": "<!doctype html>", "/page.js": "// The page", "/style.css": ":root"} {
		resp, err := http.Get(f.url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("%s: %.40q %v", path, b, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
