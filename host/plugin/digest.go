package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// SHA256 of a store is that of its keys and values as JSON, in the order of keys; none when it is closed.
func (s Store) SHA256() string {
	if !s.Granted {
		return ""
	}
	type pair struct {
		Key   string `json:"key"`
		Value []byte `json:"value"`
	}
	pairs := []pair{}
	for _, k := range slices.Sorted(maps.Keys(s.Content)) {
		pairs = append(pairs, pair{k, s.Content[k]})
	}
	b, err := json.Marshal(pairs)
	if err != nil {
		return "" // text and bytes always have a form
	}
	return sum(b)
}

// json has the limits of a capability alone.
func (c Capability) json() json.RawMessage {
	b, err := json.Marshal(struct {
		PerMinute     int      `json:"per_minute,omitempty"`
		Bytes         int      `json:"bytes,omitempty"`
		Hosts         []string `json:"hosts,omitempty"`
		TokensPerHour int      `json:"tokens_per_hour,omitempty"`
		Pending       int      `json:"pending,omitempty"`
	}{c.PerMinute, c.Bytes, c.Hosts, c.TokensPerHour, c.Pending})
	if err != nil || string(b) == "{}" {
		return nil
	}
	return b
}
