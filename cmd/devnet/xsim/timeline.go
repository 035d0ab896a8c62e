package xsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of X on posts.
const (
	maxRunes  = 280
	editSpan  = 30 * time.Minute
	maxEdits  = 5
	snowflake = 1288834974657 // X counts milliseconds from here
)

// Errors of writing.
var (
	ErrNoUser    = errors.New("no such user")
	ErrNoPost    = errors.New("no such post")
	ErrLength    = fmt.Errorf("a post has 1 to %d characters", maxRunes)
	ErrDuplicate = errors.New("you are not allowed to create a Tweet with duplicate content")
	ErrEdit      = errors.New("a post can be edited by its author, 5 times within 30 minutes, unless it is a reply to somebody else")
)

// Write posts as a user, in reply to a post when replyTo is given.
func (s *Server) Write(userID, text, replyTo string) (Post, error) {
	return s.write(userID, text, replyTo, false, time.Now())
}

func (s *Server) write(userID, text, replyTo string, ai bool, now time.Time) (Post, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[userID]
	if !ok {
		return Post{}, ErrNoUser
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > maxRunes || strings.TrimSpace(text) == "" {
		return Post{}, ErrLength
	}
	p := Post{Author: u, Text: text, ReplyTo: replyTo, At: now.UTC(), AI: ai}
	if replyTo != "" {
		to, ok := s.find(replyTo)
		if !ok {
			return Post{}, ErrNoPost
		}
		p.first = to.first
	}
	if userID == s.cfg.Host.ID && s.repeats(p) {
		return Post{}, ErrDuplicate
	}
	return s.add(p), nil
}

// Edit writes a new version of a post.
func (s *Server) Edit(userID, id, text string) (Post, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.find(id)
	if !ok {
		return Post{}, ErrNoPost
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > maxRunes {
		return Post{}, ErrLength
	}
	root, _ := s.find(old.Root)
	if old.Author.ID != userID || len(old.History) > maxEdits || now.Sub(root.At) > editSpan || s.repliesToOther(old) {
		return Post{}, ErrEdit
	}
	return s.add(Post{Root: old.Root, Author: old.Author, Text: text, ReplyTo: old.ReplyTo, At: now.UTC(), History: old.History, first: old.first}), nil
}

func (s *Server) repliesToOther(p Post) bool {
	to, ok := s.find(p.ReplyTo)
	return ok && to.Author.ID != p.Author.ID
}

// repeats reports whether the host said the same in the same place lately, which X refuses.
func (s *Server) repeats(p Post) bool {
	for _, q := range slices.Backward(s.posts[max(0, len(s.posts)-200):]) {
		if q.Author.ID == p.Author.ID && q.Text == p.Text && q.ReplyTo == p.ReplyTo {
			return true
		}
	}
	return false
}

// add gives a post its id and its place; the caller holds the lock.
func (s *Server) add(p Post) Post {
	p.ID = s.newID(p.At)
	if p.Root == "" {
		p.Root = p.ID
	}
	if p.first == "" {
		p.first = p.Root
	}
	p.History = append(slices.Clone(p.History), p.ID)
	s.index[p.ID] = s.dropped + len(s.posts)
	s.posts = append(s.posts, p)
	if p.Author.ID == s.cfg.Host.ID {
		s.replies++
	} else {
		s.accepted++
	}
	if len(s.posts) > s.cfg.Keep+s.cfg.Keep/8 { // forget in batches, so that forgetting costs little
		s.forget(s.cfg.Keep / 8)
	}
	close(s.grown)
	s.grown = make(chan struct{})
	return p
}

// newID is the id of something that came to be at a time; the caller holds the lock.
func (s *Server) newID(at time.Time) string {
	s.lastID = max(s.lastID+1, uint64(at.UnixMilli()-snowflake)<<22)
	return strconv.FormatUint(s.lastID, 10)
}

// forget drops the n oldest posts.
func (s *Server) forget(n int) {
	for _, p := range s.posts[:n] {
		delete(s.index, p.ID)
	}
	s.posts = slices.Clone(s.posts[n:])
	s.dropped += n
}

// find looks up a post; the caller holds the lock.
func (s *Server) find(id string) (Post, bool) {
	i, ok := s.index[id]
	if !ok {
		return Post{}, false
	}
	return s.posts[i-s.dropped], true
}

// after is the posts from a place on, the place after them, and what tells of more.
func (s *Server) after(place int) ([]Post, int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := max(0, place-s.dropped)
	return slices.Clone(s.posts[min(from, len(s.posts)):]), s.dropped + len(s.posts), s.grown
}

// end is the place after the newest post.
func (s *Server) end() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped + len(s.posts)
}

// mentions are the posts of others that mention a user, newest first, with ids in (since, until).
func (s *Server) mentions(u User, since, until uint64, n int) (out []Post, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.posts) {
		id, _ := strconv.ParseUint(p.ID, 10, 64)
		if id <= since {
			break
		}
		if until != 0 && id >= until || p.Author.ID == u.ID || !mentions(p.Text, u.Username) {
			continue
		}
		if len(out) == n {
			return out, true
		}
		out = append(out, p)
	}
	return out, false
}

// mentions reports whether a text names @handle, as X links it.
func mentions(text, handle string) bool {
	text, handle = lower(text), "@"+lower(handle)
	for i := 0; ; {
		j := strings.Index(text[i:], handle)
		if j < 0 {
			return false
		}
		j += i
		before := j == 0 || !word(text[j-1])
		end := j + len(handle)
		if before && (end == len(text) || !word(text[end])) {
			return true
		}
		i = j + 1
	}
}

func word(c byte) bool {
	return c == '_' || c == '@' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func lower(s string) string { return strings.ToLower(s) }

// Follow calls each with every post from now on, in order, until the context ends.
func (s *Server) Follow(ctx context.Context, each func(Post)) {
	for place := s.end(); ; {
		posts, next, more := s.after(place)
		place = next
		for _, p := range posts {
			each(p)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}
