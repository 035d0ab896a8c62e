package engine

// dice is a small seeded generator (splitmix64): the same seed throws the same numbers on every machine.
type dice uint64

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// below gives a number from 0 to n-1; n must be positive.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// hash is FNV-1a; it names lines and handles in the state, so it may never change.
func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

const hashSeed = 14695981039346656037
