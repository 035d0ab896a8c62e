package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// SHA256 of a store is that of its content; none when it is closed.
func (s Store) SHA256() string {
	if !s.Granted {
		return ""
	}
	return sum(s.JSON())
}

type pair struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// JSON is the content of a store, in the order of keys.
func (s Store) JSON() []byte {
	pairs := []pair{}
	for _, k := range slices.Sorted(maps.Keys(s.Content)) {
		pairs = append(pairs, pair{k, s.Content[k]})
	}
	b, err := json.Marshal(pairs)
	if err != nil {
		return nil // text and bytes always have a form
	}
	return b
}

// ContentOf reads what JSON gave.
func ContentOf(b []byte) (map[string][]byte, error) {
	var pairs []pair
	if err := json.Unmarshal(b, &pairs); err != nil {
		return nil, fmt.Errorf("content of a store: %w", err)
	}
	content := make(map[string][]byte, len(pairs))
	for _, p := range pairs {
		content[p.Key] = p.Value
	}
	return content, nil
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
