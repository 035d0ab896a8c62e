package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Keys of what the owner's account keeps in the store.
const (
	settingPassword = "admin.owner.password" // argon2id hash
	settingSessions = "admin.owner.sessions" // hashes of cookies and when they end
)

// maxSessions bounds the logins kept at a time; the oldest gives way.
const maxSessions = 32

// owner is the one account: its password, its sessions, its one-time link.
type owner struct {
	store store
	ttl   time.Duration
	fresh string // password made at this start; empty when there was one

	mu       sync.Mutex
	hash     string
	link     string               // unused one-time token
	sessions map[string]time.Time // hash of the cookie → when it ends
}

// newOwner opens the account: a given password wins over the stored one, and without either one is made.
func newOwner(ctx context.Context, st store, given string, ttl time.Duration) (*owner, error) {
	o := &owner{store: st, ttl: ttl, link: newToken(), sessions: map[string]time.Time{}}
	stored, found, err := st.SettingGet(ctx, settingPassword)
	if err != nil {
		return nil, fmt.Errorf("read the owner's password: %w", err)
	}
	o.hash = string(stored)
	switch {
	case given != "":
		if ok, _ := checkPassword(o.hash, given); ok {
			return o, o.loadSessions(ctx)
		}
		return o, o.setPassword(ctx, given)
	case !found:
		o.fresh = newPassword()
		return o, o.setPassword(ctx, o.fresh)
	}
	return o, o.loadSessions(ctx)
}

// setPassword also ends every session: whoever knew the old password is out.
func (o *owner) setPassword(ctx context.Context, password string) error {
	hash := hashPassword(password)
	if err := o.store.SettingPut(ctx, settingPassword, []byte(hash)); err != nil {
		return fmt.Errorf("keep the owner's password: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hash = hash
	clear(o.sessions)
	return o.saveSessions(ctx)
}

func (o *owner) loadSessions(ctx context.Context) error {
	text, found, err := o.store.SettingGet(ctx, settingSessions)
	if err != nil {
		return fmt.Errorf("read the sessions: %w", err)
	}
	if found && json.Unmarshal(text, &o.sessions) != nil {
		o.sessions = map[string]time.Time{} // not ours: everybody logs in anew
	}
	return nil
}

// saveSessions keeps logins over a restart; o.mu is held.
func (o *owner) saveSessions(ctx context.Context) error {
	text, err := json.Marshal(o.sessions)
	if err != nil {
		return fmt.Errorf("encode the sessions: %w", err)
	}
	if err := o.store.SettingPut(ctx, settingSessions, text); err != nil {
		return fmt.Errorf("keep the sessions: %w", err)
	}
	return nil
}

// check reports whether the password is the owner's.
func (o *owner) check(password string) bool {
	o.mu.Lock()
	hash := o.hash
	o.mu.Unlock()
	ok, err := checkPassword(hash, password)
	return ok && err == nil
}

// redeem uses up the one-time link.
func (o *owner) redeem(token string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.link == "" || subtle.ConstantTimeCompare([]byte(o.link), []byte(token)) != 1 {
		return false
	}
	o.link = ""
	return true
}

// begin opens a session and gives its cookie.
func (o *owner) begin(ctx context.Context, now time.Time) (string, error) {
	cookie := newToken()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sessions[digest(cookie)] = now.Add(o.ttl)
	o.trim(now)
	return cookie, o.saveSessions(ctx)
}

// trim forgets what ended and, beyond maxSessions, what ends first; o.mu is held.
func (o *owner) trim(now time.Time) {
	for len(o.sessions) > 0 {
		oldest, at := "", time.Time{}
		for k, end := range o.sessions {
			if oldest == "" || end.Before(at) {
				oldest, at = k, end
			}
		}
		if len(o.sessions) <= maxSessions && at.After(now) {
			return
		}
		delete(o.sessions, oldest)
	}
}

// alive reports whether the cookie's session goes on, and if so lets it live longer.
func (o *owner) alive(cookie string, now time.Time) bool {
	if cookie == "" {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	key := digest(cookie)
	end, ok := o.sessions[key]
	if !ok || !end.After(now) {
		return false
	}
	o.sessions[key] = now.Add(o.ttl)
	return true
}

// end closes a session.
func (o *owner) end(ctx context.Context, cookie string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.sessions, digest(cookie))
	return o.saveSessions(ctx)
}

// digest is what we keep of a cookie: whoever reads the store cannot log in with it.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// memoryStore keeps settings until the program ends.
type memoryStore struct{ values sync.Map }

func (m *memoryStore) SettingGet(_ context.Context, key string) ([]byte, bool, error) {
	v, ok := m.values.Load(key)
	if !ok {
		return nil, false, nil
	}
	return v.([]byte), true, nil
}

func (m *memoryStore) SettingPut(_ context.Context, key string, value []byte) error {
	m.values.Store(key, value)
	return nil
}
