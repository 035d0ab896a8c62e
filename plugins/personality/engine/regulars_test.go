package engine

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLongestUnseenIsForgotten: whoever comes, and whenever, the one that was seen longest ago goes.
func TestLongestUnseenIsForgotten(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	got, want := newPeople(), map[uint32]regular{}
	for i := range 20_000 {
		who, r := uint32(rng.IntN(3*maxRegulars)), regular{met: uint32(i), seen: int64(i/8) - int64(rng.IntN(20))}
		got.put(who, r)
		want[who] = r
		if len(want) > maxRegulars {
			delete(want, slices.MinFunc(slices.Collect(maps.Keys(want)), func(a, b uint32) int {
				return sighting{want[a].seen, a}.compare(sighting{want[b].seen, b})
			}))
		}
		if !maps.Equal(got.known, want) || len(got.order) != len(want) {
			t.Fatalf("after %d sightings it knows %d people in an order of %d, want %d", i+1, len(got.known), len(got.order), len(want))
		}
	}
}
