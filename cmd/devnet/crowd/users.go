package crowd

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// User is somebody in the crowd.
type User struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
	Name   string `json:"name"`
	Temper Temper `json:"temper"`
}

// Count is how many people Users knows.
const Count = 24

// cast is who can come; the seed decides who is of which temper.
var cast = [Count][2]string{
	{"ada_lovelace_x", "Ada"}, {"grace_h", "Grace H."}, {"nightowl77", "Night Owl"}, {"pixel_pia", "Pia ✦"}, {"satoshi_fan", "not satoshi"},
	{"mira_k", "Mira Kovač"}, {"JuanBids", "Juan"}, {"sakura_art", "さくら"}, {"otter_dao", "Otter"}, {"lena_paints", "Lena"},
	{"BigWhale9000", "🐋 Whale"}, {"tomtom", "Tom"}, {"zoe_zh", "Zoë"}, {"minjun_eth", "민준"}, {"frostbyte", "frostbyte"},
	{"aunt_rosa", "Aunt Rosa"}, {"kofi_collects", "Kofi"}, {"vhs_dreams", "VHS Dreams"}, {"degen_dan", "Dan (probably fine)"}, {"moonmoth", "moon moth"},
	{"linh_ng", "Linh"}, {"oldmasterfan", "Old Master Fan"}, {"cat_with_hat", "Cat With Hat"}, {"priya_s", "Priya"},
}

// share is how the tempers are spread over the cast.
var share = [Count]Temper{
	Eager, Eager, Eager, Eager, Eager, Eager, Eager, Slow, Slow, Slow, Slow, Late, Late, Late,
	Clumsy, Clumsy, Hostile, Hostile, Curious, Curious, Chatty, Chatty, Chatty, Chatty,
}

// Users is the crowd of a seed: the same people, other tempers.
func Users(seed int64) []User {
	tempers := share
	rng := rand.New(rand.NewPCG(uint64(seed), 0xca57))
	rng.Shuffle(Count, func(i, j int) { tempers[i], tempers[j] = tempers[j], tempers[i] })
	out := make([]User, Count)
	for i, c := range cast {
		out[i] = User{ID: userID(i), Handle: c[0], Name: c[1], Temper: tempers[i]}
	}
	return out
}

// userID is a number of the length that X gives to accounts of our day.
func userID(i int) string { return strconv.Itoa(1_700_000_000_000_000_001 + i*7_919_000_003) }

// Find is the user of a handle.
func Find(users []User, handle string) (User, error) {
	for _, u := range users {
		if u.Handle == handle {
			return u, nil
		}
	}
	return User{}, fmt.Errorf("no user @%s in the crowd", handle)
}
