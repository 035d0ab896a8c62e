package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/admin"
)

// TestPrintAsk: all of a use is printed, part by part and line by line, and which post is answered.
func TestPrintAsk(t *testing.T) {
	for _, c := range []struct {
		ask  host.Consent
		want []string
	}{
		{host.Consent{Power: "reply", Answers: &host.AnsweredPost{ID: "9", Read: true, Handle: "ann", Text: "Why?"}, Parts: []admin.ConsentPart{{Name: "text", Text: "Because.\nAnd so\ton."}}},
			[]string{"4: moth 1.0.0 wants to use reply, 1m0s left", "  because of       bid 1 ETH @ann", "  it needs it for  to talk", "  answers          post 9 of @ann: Why?", "  text             Because.", "                   And so    on."}},
		{host.Consent{Power: "reply", Answers: &host.AnsweredPost{ID: "9"}, Parts: []admin.ConsentPart{{Name: "text", Text: "Hm."}}},
			[]string{"4: moth 1.0.0 wants to use reply, 1m0s left", "  because of       bid 1 ETH @ann", "  it needs it for  to talk", "  answers          post 9, which this show has not read", "  text             Hm."}},
		{host.Consent{Power: "http", Parts: []admin.ConsentPart{{Name: "request", Text: "POST https://a.example/"}, {Name: "body", Text: "x"}}},
			[]string{"4: moth 1.0.0 wants to use http, 1m0s left", "  because of       bid 1 ETH @ann", "  it needs it for  to talk", "  request          POST https://a.example/", "  body             x"}},
	} {
		c.ask.Seq, c.ask.Plugin, c.ask.Version, c.ask.Cause, c.ask.Why, c.ask.Deadline = 4, "moth", "1.0.0", "bid 1 ETH @ann", "to talk", time.Now().Add(time.Minute)
		var out strings.Builder
		if err := printAsk(&out, c.ask); err != nil || out.String() != strings.Join(c.want, "\n")+"\n" {
			t.Errorf("%v, printed\n%s\nwant\n%s", err, out.String(), strings.Join(c.want, "\n"))
		}
	}
}

// TestPrintMore: what a version asks for beyond what was granted is told with the command that grants it.
func TestPrintMore(t *testing.T) {
	p := host.PluginInfo{ID: "moth", Version: "2.0.0", State: "shadow", Capabilities: []host.Capability{{Name: "say"},
		{Name: "http", Granted: true, More: []string{"b.example", "9 a minute"}, WhyGranted: "to know the weather"}}}
	var out strings.Builder
	if err := printMore(&out, p); err != nil {
		t.Fatal(err)
	}
	want := `
http: 2.0.0 asks for more than was granted: b.example, 9 a minute. To grant it: sothebais plugin grant --shadow moth http

http: the reason was another one when it was granted: to know the weather
`
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
