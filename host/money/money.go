// Package money holds amounts in wei: exact, comparable, and printed the way people write them.
package money

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holiman/uint256"
)

// Wei is an amount of the smallest unit; 1 ETH is 10^18 wei. The zero value is nothing.
type Wei struct{ n uint256.Int }

var (
	weiPerETH  = uint256.NewInt(1e18)
	weiPerGwei = uint256.NewInt(1e9)
)

// ErrAmount says that a text is not an amount.
var ErrAmount = errors.New("not an amount")

// FromUint256 copies n.
func FromUint256(n *uint256.Int) Wei { return Wei{*n} }

// FromGwei is g times 10^9 wei.
func FromGwei(g uint64) Wei {
	var w Wei
	w.n.Mul(uint256.NewInt(g), weiPerGwei)
	return w
}

// ParseWei reads a decimal string of wei, the form of JSON and of the ledger.
func ParseWei(s string) (Wei, error) {
	var w Wei
	if err := w.n.SetFromDecimal(s); err != nil || s == "" || s[0] == '+' {
		return Wei{}, fmt.Errorf("%q: %w: want a decimal number of wei", s, ErrAmount)
	}
	return w, nil
}

// ParseETH reads a plain decimal number of ETH such as "1.5", with at most 18 places.
func ParseETH(s string) (Wei, error) {
	whole, frac, dot := strings.Cut(s, ".")
	if whole == "" || (dot && frac == "") || len(frac) > 18 || len(whole) > 40 {
		return Wei{}, fmt.Errorf("%q: %w: want a number of ETH such as 1.5", s, ErrAmount)
	}
	w, err := ParseWei(whole + frac + strings.Repeat("0", 18-len(frac)))
	if err != nil {
		return Wei{}, fmt.Errorf("%q: %w: want a number of ETH such as 1.5", s, ErrAmount)
	}
	return w, nil
}

// MustETH is ParseETH for constants.
func MustETH(s string) Wei {
	w, err := ParseETH(s)
	if err != nil {
		panic(err)
	}
	return w
}

// Uint256 is a copy of the number.
func (w Wei) Uint256() uint256.Int { return w.n }

// IsZero reports whether the amount is nothing.
func (w Wei) IsZero() bool { return w.n.IsZero() }

// Cmp is -1, 0 or 1 as w is less than, equal to or greater than v.
func (w Wei) Cmp(v Wei) int { return w.n.Cmp(&v.n) }

// Add is w + v, capped at the largest amount.
func (w Wei) Add(v Wei) Wei {
	var r Wei
	if _, over := r.n.AddOverflow(&w.n, &v.n); over {
		r.n.SetAllOne()
	}
	return r
}

// Sub is w - v, or nothing when v is the greater.
func (w Wei) Sub(v Wei) Wei {
	if w.Cmp(v) <= 0 {
		return Wei{}
	}
	var r Wei
	r.n.Sub(&w.n, &v.n)
	return r
}

// MulDiv is w × num / den rounded up, the product capped at the largest amount; den must not be 0.
func (w Wei) MulDiv(num, den uint64) Wei {
	var r, d, q Wei
	if _, over := r.n.MulOverflow(&w.n, uint256.NewInt(num)); over {
		r.n.SetAllOne()
	}
	d.n.SetUint64(den)
	var rem uint256.Int
	q.n.DivMod(&r.n, &d.n, &rem)
	if !rem.IsZero() {
		q.n.AddUint64(&q.n, 1)
	}
	return q
}

// Gwei is the amount in units of 10^9 wei, rounded down and capped at the largest uint64.
func (w Wei) Gwei() uint64 {
	var q uint256.Int
	q.Div(&w.n, weiPerGwei)
	if !q.IsUint64() {
		return ^uint64(0)
	}
	return q.Uint64()
}

// String is the decimal number of wei.
func (w Wei) String() string { return w.n.Dec() }

// ETH prints the amount in ETH with no needless zeros: "1.5", "0.000000000000000001".
func (w Wei) ETH() string {
	var q, r uint256.Int
	q.DivMod(&w.n, weiPerETH, &r)
	if r.IsZero() {
		return q.Dec()
	}
	frac := r.Dec()
	frac = strings.Repeat("0", 18-len(frac)) + frac
	return q.Dec() + "." + strings.TrimRight(frac, "0")
}

// MarshalText writes decimal wei.
func (w Wei) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads decimal wei.
func (w *Wei) UnmarshalText(b []byte) error {
	v, err := ParseWei(string(b))
	if err != nil {
		return err
	}
	*w = v
	return nil
}
