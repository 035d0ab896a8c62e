package xapi

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/post"
)

const line = `{"data":{"author_id":"7","created_at":"2026-03-01T12:00:00.123Z","edit_history_tweet_ids":["100","101"],"id":"101",` +
	`"text":"@host bid 1.5 ETH &amp; more &lt;b&gt;"},"includes":{"users":[{"id":"8","name":"B","username":"bob"},{"id":"7","name":"Ann","username":"ann"}]},` +
	`"matching_rules":[{"id":"1","tag":"sothebais"}]}`

func TestReadStream(t *testing.T) {
	ann := post.Post{ID: "101", Root: "100", AuthorID: "7", Handle: "ann", Name: "Ann", Text: "@host bid 1.5 ETH & more <b>", At: time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)}
	for _, c := range []struct {
		name, in string
		posts    []post.Post
		bad      int
		err      string
	}{
		{"a post between keep-alives", "\r\n" + line + "\r\n\r\n", []post.Post{ann}, 0, "read the stream: unexpected EOF"},
		{"rubbish is skipped", "nonsense\r\n{}\r\n[]\r\n" + `{"data":{"id":"x","author_id":"7"}}` + "\r\n" + line + "\r\n", []post.Post{ann}, 4, "read the stream: unexpected EOF"},
		{"an author who is not included", `{"data":{"id":"5","author_id":"9","text":"hi"}}` + "\r\n", nil, 1, "read the stream: unexpected EOF"},
		{"a word of X", line + "\r\n" + `{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"Sorry."}]}` + "\r\n" + line,
			[]post.Post{ann}, 0, "X ended the stream: operational-disconnect: Sorry."},
		{"a line without end", strings.Repeat("x", maxLine+1), nil, 0, "read the stream: bufio.Scanner: token too long"},
	} {
		var posts []post.Post
		bad := 0
		err := readStream(strings.NewReader(c.in), func(p post.Post) { posts = append(posts, p) }, func([]byte, error) { bad++ })
		if diff := cmp.Diff(c.posts, posts); diff != "" || bad != c.bad || err.Error() != c.err {
			t.Errorf("%s: %d bad lines, want %d; error %q, want %q; posts (-want +got):\n%s", c.name, bad, c.bad, err, c.err, diff)
		}
	}
}

func TestLongPostsAreReadWhole(t *testing.T) {
	in := `{"data":{"author_id":"7","id":"5","text":"cut…","note_tweet":{"text":"the whole"}},"includes":{"users":[{"id":"7","username":"ann"}]}}`
	_ = readStream(strings.NewReader(in), func(p post.Post) {
		if p.Text != "the whole" || p.Root != "5" {
			t.Errorf("got %+v", p)
		}
	}, func(l []byte, err error) { t.Errorf("%s: %v", l, err) })
}

func FuzzReadStream(f *testing.F) {
	for _, s := range []string{line, "\r\n\r\n", "{}", `{"errors":[{}]}`, `{"data":{}}`, `{"data":{"id":"1","author_id":"7","edit_history_tweet_ids":["x"]},"includes":{"users":[{"id":"7","username":"a"}]}}`, "\x00", "null", `{"data":null}`} {
		f.Add([]byte(s + "\r\n" + line + "\r\n"))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		err := readStream(strings.NewReader(string(in)), func(p post.Post) {
			if !validID(p.ID) || !validID(p.Root) || p.AuthorID == "" || p.Handle == "" {
				t.Fatalf("a post that cannot be told from others: %+v", p)
			}
		}, func([]byte, error) {})
		if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("the stream ended well: %v", err)
		}
	})
}
