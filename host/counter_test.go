package host

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/plugin/bundle"
)

// lying is a package on the counter, of so many bytes.
func lying(t *testing.T, sum string, signature string) offer {
	t.Helper()
	p, err := bundle.Parse(read(t, author(t, t.TempDir(), "moth", "1.0.0", false)))
	if err != nil {
		t.Fatal(err)
	}
	p.SHA256 = sum
	return offer{pkg: p, signature: []byte(signature)}
}

func TestCounterForgets(t *testing.T) {
	a := lying(t, "a", "first")
	synctest.Test(t, func(t *testing.T) {
		var c counter
		c.put(a)
		time.Sleep(counterWait - time.Second)
		a.signature = []byte("second")
		c.put(a)
		time.Sleep(2 * time.Second)
		if o := c.find("a"); o == nil || string(o.signature) != "second" {
			t.Errorf("the same one with another signature is %+v", o)
		}
		time.Sleep(counterWait)
		if o := c.find("a"); o != nil {
			t.Error("it lies there for ever")
		}
	})
}

func TestCounterIsSmall(t *testing.T) {
	var c counter
	size := len(lying(t, "0", "").pkg.Bytes())
	c.most = 3 * size
	for _, sum := range []string{"1", "2", "3", "4"} {
		c.put(lying(t, sum, ""))
	}
	if c.find("1") != nil || c.find("2") == nil || c.find("4") == nil {
		t.Error("the oldest did not give way")
	}
	c.take(c.find("3"))
	if c.find("3") != nil || len(c.lying) != 2 {
		t.Error("what was taken lies there still")
	}
}
