package admin

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/show"
)

func TestPluginReads(t *testing.T) {
	r := newRoom(t)
	r.login()
	if v := decode[PluginDetail](r, r.ask("GET", "/api/v1/plugins/dusty-gavel", "")); v.ID != "dusty-gavel" || v.Runtime != "declarative" || v.Capabilities == nil {
		t.Errorf("plugin %+v", v)
	}
	r.problem(r.ask("GET", "/api/v1/plugins/nobody", ""), 404, "nobody", "installed are")
	if v := decode[LogList](r, r.ask("GET", "/api/v1/plugins/dusty-gavel/logs?limit=1", "")); len(v.Items) != 1 || v.Items[0].Seq != 3 {
		t.Errorf("logs %+v", v)
	}
	r.problem(r.ask("GET", "/api/v1/plugins/dusty-gavel/logs?limit=0", ""), 422, "query.limit")
	slots := decode[SlotList](r, r.ask("GET", "/api/v1/slots", "")).Items
	if len(slots) != 3 || slots[0].OnAir == nil || slots[0].OnAir.ID != "dusty-gavel" || slots[0].LastGood == nil || len(slots[0].History) != 3 || slots[0].Shadow != nil {
		t.Errorf("slots %+v", slots)
	}
	r.problem(r.ask("GET", "/api/v1/slots/attic/shadow", ""), 422, "path.slot", "personality")
	r.problem(r.ask("GET", "/api/v1/slots/personality/shadow", ""), 409, "nothing is in shadow")
	r.problem(r.ask("GET", "/api/v1/slots/personality/shadow.md", ""), 409, "nothing is in shadow")
}

// TestShadowAndPromotion: what a person does is a fact, and what follows has it as its cause.
func TestShadowAndPromotion(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.problem(r.ask("POST", "/api/v1/slots/personality/promotion", `{}`), 409, "nothing is in shadow")
	if s := decode[Slot](r, r.ask("PUT", "/api/v1/plugins/shadow", `{"plugin":"mina-vox"}`)); s.Shadow == nil || s.Shadow.ID != "mina-vox" || s.Shadow.State != PluginShadow {
		t.Errorf("slot %+v", s)
	}
	facts, err := r.f.Read(t.Context(), r.f.Last()-2, 2)
	if err != nil || facts[0].Data != (show.OperatorActed{Who: whoOwner, What: "put mina-vox in shadow"}) || facts[1].Cause != facts[0].Seq {
		t.Errorf("facts %+v, %v", facts, err)
	}
	rep := decode[ShadowReport](r, r.ask("GET", "/api/v1/slots/personality/shadow", ""))
	if rep.Counts.Line != 83 || len(rep.Rows) != 1 || rep.Rows[0].Shadow.Needs[0] != "reply" {
		t.Errorf("report %+v", rep)
	}
	md := r.ask("GET", "/api/v1/slots/personality/shadow.md", "")
	for _, want := range []string{"# mina-vox 1.1.0 in shadow of dusty-gavel 0.3.0", "| 288 | 83 | 12 | 0 | 29 |", `“Maria, \| darling. \*2.40\*.”`, "*needs reply*"} {
		if !bytes.Contains(md.body, []byte(want)) {
			t.Errorf("no %q in %s", want, md.body)
		}
	}
	if got := md.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/markdown") {
		t.Errorf("type %s", got)
	}
	p := decode[Promoted](r, r.ask("POST", "/api/v1/slots/personality/promotion", `{"when":"quiet","deadline_s":30}`))
	if p.Waiting == nil || p.Waiting.Deadline.Sub(p.Waiting.Asked).Seconds() != 30 || p.Swap != nil {
		t.Errorf("promotion %+v", p)
	}
	if s := decode[Slot](r, r.ask("DELETE", "/api/v1/slots/personality/promotion", "")); s.Promotion != nil {
		t.Errorf("slot %+v", s)
	}
	if p := decode[Promoted](r, r.ask("POST", "/api/v1/slots/personality/promotion", `{}`)); p.Swap == nil || p.Swap.To != "mina-vox" {
		t.Errorf("promoted %+v", p)
	}
	r.problem(r.ask("POST", "/api/v1/slots/personality/promotion", `{"when":"later"}`), 422, "body.when")
	r.problem(r.ask("DELETE", "/api/v1/slots/personality/shadow", ""), 409, "nothing is in shadow")
	if back := decode[Swap](r, r.ask("POST", "/api/v1/slots/personality/roll-back", "")); back.To != "dusty-gavel" {
		t.Errorf("rolled back %+v", back)
	}
	r.f.refuse = errors.New("there is nothing to go back to")
	r.problem(r.ask("POST", "/api/v1/slots/personality/roll-back", ""), 409, "nothing to go back to")
}

// TestActsOnWhoIsMeant: what somebody wants done to one plugin is not done to the one that took its place meanwhile.
func TestActsOnWhoIsMeant(t *testing.T) {
	r := newRoom(t)
	r.login()
	decode[Slot](r, r.ask("PUT", "/api/v1/plugins/shadow", `{"plugin":"mina-vox"}`))
	before := r.f.Last()
	for _, c := range []struct{ method, path, want string }{
		{"DELETE", "shadow?plugin=night-moth@1.0.0", "night-moth@1.0.0 was meant and mina-vox@1.1.0 is in its place by now; nothing was done"},
		{"POST", "promotion?plugin=mina-vox@1.0.0", "mina-vox@1.0.0 was meant and mina-vox@1.1.0 is in its place"},
		{"POST", "roll-back?plugin=mina-vox@1.1.0", "mina-vox@1.1.0 was meant and dusty-gavel@0.2.9 is in its place"},
		{"POST", "quarantine/7/retry?plugin=dusty-gavel@0.2.9", "dusty-gavel@0.2.9 was meant and dusty-gavel@0.3.0 is in its place"},
	} {
		r.problem(r.ask(c.method, "/api/v1/slots/personality/"+c.path, `{}`), 409, c.want)
	}
	if r.f.Last() != before {
		t.Errorf("something was recorded: %d, before %d", r.f.Last(), before)
	}
	for _, c := range []struct{ method, path string }{
		{"POST", "quarantine/7/retry?plugin=dusty-gavel@0.3.0"}, {"POST", "promotion?plugin=mina-vox@1.1.0"}, {"POST", "roll-back?plugin=dusty-gavel@0.3.0"},
	} {
		if got := r.ask(c.method, "/api/v1/slots/personality/"+c.path, `{}`); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", c.path, got.StatusCode, got.body)
		}
	}
	r.problem(r.ask("DELETE", "/api/v1/slots/personality/shadow?plugin=mina-vox@1.1.0", ""), 409, "mina-vox@1.1.0 was meant and nothing is in its place")
}

func TestGrants(t *testing.T) {
	r := newRoom(t)
	r.login()
	got := decode[Capability](r, r.ask("PUT", "/api/v1/plugins/dusty-gavel/grants/http", `{"per_minute":4,"hosts":["api.example.com"],"state":"shadow","version":"1.1.0"}`))
	if !got.Granted || got.GrantedBy != whoOwner || !reflect.DeepEqual(r.f.cast.grants["dusty-gavel/http"], GrantRequest{PerMinute: 4, Hosts: []string{"api.example.com"}, State: "shadow", Version: "1.1.0"}) {
		t.Errorf("granted %+v, %v", got, r.f.cast.grants)
	}
	r.problem(r.ask("PUT", "/api/v1/plugins/dusty-gavel/grants/http", `{"per_minute":-1}`), 422, "body.per_minute")
	if got := decode[Capability](r, r.ask("DELETE", "/api/v1/plugins/dusty-gavel/grants/http", "")); got.Granted {
		t.Errorf("revoked %+v", got)
	}
	facts, err := r.f.Read(t.Context(), r.f.Last()-2, 2)
	if err != nil || facts[0].Data != (show.OperatorActed{Who: whoOwner, What: "granted http to dusty-gavel"}) ||
		facts[1].Data != (show.OperatorActed{Who: whoOwner, What: "took http from dusty-gavel"}) {
		t.Errorf("facts %+v, %v", facts, err)
	}
}

func TestQuarantine(t *testing.T) {
	r := newRoom(t)
	r.login()
	list := decode[QuarantineList](r, r.ask("GET", "/api/v1/slots/personality/quarantine", "")).Items
	if len(list) != 1 || list[0].Seq != 7 {
		t.Fatalf("quarantine %+v", list)
	}
	if got := decode[Retried](r, r.ask("POST", "/api/v1/slots/personality/quarantine/7/retry", "")); !got.OK || got.Commands != 2 {
		t.Errorf("retried %+v", got)
	}
	r.problem(r.ask("POST", "/api/v1/slots/personality/quarantine/7/retry", ""), 404, "event 7 is not in quarantine")
	r.problem(r.ask("POST", "/api/v1/slots/personality/quarantine/0/retry", ""), 422, "path.seq")
}
