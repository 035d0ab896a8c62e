package money_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/money"
)

func draw(t *rapid.T, name string) money.Wei {
	n := rapid.SliceOfN(rapid.Byte(), 0, rapid.IntRange(0, 32).Draw(t, name+" bytes")).Draw(t, name)
	return money.FromUint256(new(uint256.Int).SetBytes(n))
}

func number(w money.Wei) *big.Int {
	n := w.Uint256()
	return n.ToBig()
}

var largest = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))

func capped(n *big.Int) string {
	if n.Cmp(largest) > 0 {
		return largest.String()
	}
	return n.String()
}

// The arithmetic is that of whole numbers, held between nothing and the largest amount.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		if got, want := a.Add(b).String(), capped(new(big.Int).Add(number(a), number(b))); got != want {
			t.Errorf("%s + %s = %s; want %s", a, b, got, want)
		}
		want := new(big.Int).Sub(number(a), number(b))
		if want.Sign() < 0 {
			want.SetInt64(0)
		}
		if got := a.Sub(b); got.String() != want.String() {
			t.Errorf("%s - %s = %s; want %s", a, b, got, want)
		}
		if got := a.Cmp(b); got != number(a).Cmp(number(b)) || a.IsZero() != (number(a).Sign() == 0) {
			t.Errorf("%s against %s is %d", a, b, got)
		}
	})
}

// A share is rounded up: nobody slips under an increment by a fraction of a wei.
func TestMulDivRoundsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, "a")
		num, den := rapid.Uint64().Draw(t, "num"), rapid.Uint64Min(1).Draw(t, "den")
		product := new(big.Int).Mul(number(a), new(big.Int).SetUint64(num))
		if product.Cmp(largest) > 0 {
			product = largest
		}
		want, rem := new(big.Int).QuoRem(product, new(big.Int).SetUint64(den), new(big.Int))
		if rem.Sign() > 0 {
			want.Add(want, big.NewInt(1))
		}
		if got := a.MulDiv(num, den); got.String() != want.String() {
			t.Errorf("%s × %d / %d = %s; want %s", a, num, den, got, want)
		}
	})
}

// What is printed reads back as the same amount, in every form.
func TestFormsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, "a")
		if got, err := money.ParseWei(a.String()); err != nil || got != a {
			t.Errorf("wei %s reads back as %s, %v", a, got, err)
		}
		if a.Cmp(money.MustETH("1000000000000000000000000000000000000000")) < 0 {
			if got, err := money.ParseETH(a.ETH()); err != nil || got != a {
				t.Errorf("%s ETH reads back as %s ETH, %v", a.ETH(), got.ETH(), err)
			}
		}
		if eth := a.ETH(); strings.Contains(eth, ".") && strings.HasSuffix(eth, "0") || strings.HasSuffix(eth, ".") {
			t.Errorf("%s wei prints as %q", a, eth)
		}
		b, err := json.Marshal(a)
		var back money.Wei
		if err != nil || string(b) != `"`+a.String()+`"` || json.Unmarshal(b, &back) != nil || back != a {
			t.Errorf("%s as JSON is %s, %v, and reads back as %s", a, b, err, back)
		}
	})
}

func TestGwei(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.Uint64().Draw(t, "gwei")
		if got := money.FromGwei(g).Gwei(); got != g {
			t.Errorf("%d gwei come back as %d", g, got)
		}
	})
	if got := money.MustETH("1000000000000000000").Gwei(); got != ^uint64(0) {
		t.Errorf("more gwei than fit are %d; want the largest number", got)
	}
	if got := money.MustETH("0.0000000019").Gwei(); got != 1 {
		t.Errorf("1.9 gwei are %d; want it rounded down", got)
	}
}

func TestParseETHRefuses(t *testing.T) {
	for _, s := range []string{"", ".", "1.", ".5", "-1", "+1", "1e18", "1,5", " 1", "1 ", "0x1", "1_000", "1.0000000000000000001", strings.Repeat("9", 41),
		"115792089237316195423570985008687907853269984665640564039458", "١", "1.-5", "1.+5", "+", "NaN"} {
		if w, err := money.ParseETH(s); !errors.Is(err, money.ErrAmount) {
			t.Errorf("%q is read as %s ETH, %v", s, w.ETH(), err)
		}
	}
}

func TestParseWeiRefuses(t *testing.T) {
	for _, s := range []string{"", "-1", "+1", "1.5", "0x10", "1e3", " 1", "1 ", strings.Repeat("9", 79), "1_0"} {
		if w, err := money.ParseWei(s); !errors.Is(err, money.ErrAmount) {
			t.Errorf("%q is read as %s wei, %v", s, w, err)
		}
	}
	var w money.Wei
	if err := json.Unmarshal([]byte(`"many"`), &w); !errors.Is(err, money.ErrAmount) {
		t.Errorf("JSON: %v", err)
	}
}
