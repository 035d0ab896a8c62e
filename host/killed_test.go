package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/show"
)

// killedShow names, for the process that is to be killed, the data directory of its show.
const killedShow = "SOTHEBAIS_TEST_KILLED_SHOW"

// TestAKilledShowKnows what its plugins kept, who was on air, what they may, and what was aside, when it is back.
func TestAKilledShowKnows(t *testing.T) {
	if data := os.Getenv(killedShow); data != "" {
		runUntilKilled(t, data)
	}
	t.Parallel()
	data := t.TempDir()
	parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	killWhenKept(t, data, map[string]string{"a": "1", "b": "2"})

	s := live(t, data)
	if p, err := s.Plugin(t.Context(), "parrot", ""); err != nil || !p.Active || !p.Capabilities[0].Granted || p.Capabilities[0].GrantedBy != "cli" {
		t.Errorf("plugin %+v, %v", p, err)
	}
	s.says(s.tell("recall a"), "recall a: 1")
	s.says(s.tell("recall b"), "recall b: 2")
	s.says(s.tell("recall c"), "recall c: -1")
	list, err := wardrobe{s.Host}.Quarantine(t.Context(), slotOverlay)
	if err != nil || len(list) != 1 || list[0].Plugin != "parrot" {
		t.Errorf("quarantine %+v, %v", list, err)
	}
	s.stop()
	rec := replaysToTheBit(t, data)
	var again []replay.Take // of the parrot, the second when the show was back
	for _, take := range rec.Takes {
		if take.Plugin == "parrot" {
			again = append(again, take)
		}
	}
	recalls(t, data, rec, again[0], "recall a: -1")
	recalls(t, data, rec, again[1], "recall a: 1")
}

// runUntilKilled is a show in whose ledger something happens.
func runUntilKilled(t *testing.T, data string) {
	s := live(t, data)
	if _, err := s.Swap(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{}); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"keep a 1", "keep b 1", "keep c 1", "keep b 2", "keep c ", "fail a 2"} {
		s.tell(what)
	}
	<-t.Context().Done()
}

// killWhenKept runs a show in a process of its own, and kills it when the ledger has what is wanted of the parrot's store.
func killWhenKept(t *testing.T, data string, want map[string]string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestAKilledShowKnows$", "-test.v")
	c.Env = append(os.Environ(), killedShow+"="+data)
	c.Stdout, c.Stderr = t.Output(), t.Output()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the signal comes when the thread goes that started the process, and the shows beside end some
	defer runtime.UnlockOSThread()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		lacks := lacks(t.Context(), data, want)
		if lacks == nil {
			return
		}
		if time.Now().After(deadline) {
			_ = c.Process.Signal(syscall.SIGQUIT) // it says where it stands
			_, _ = c.Process.Wait()
			t.Fatal("the show does not keep what it should: ", lacks)
		}
	}
}

// lacks looks into the ledger of a show that may run, and says what is not yet as it should be.
func lacks(ctx context.Context, data string, want map[string]string) (err error) {
	l, err := OpenLedger(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	kept, err := l.PluginAll(ctx, "parrot")
	if err != nil {
		return err
	}
	got := map[string]string{}
	for k, v := range kept {
		got[k] = string(v)
	}
	last, err := l.Last(ctx)
	if err != nil {
		return err
	}
	events, err := l.Read(ctx, last-min(last, 64), 64)
	if err != nil {
		return err
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, string(e.Kind()))
	}
	if !maps.Equal(got, want) || !slices.Contains(kinds, string(show.KindPluginQuarantined)) {
		return fmt.Errorf("after %d events the parrot kept %q, want %q; the last are %v", last, got, want, kinds)
	}
	return nil
}
