package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// controlFile is where a running show tells the command line how to reach it.
const controlFile = "control.json"

// control is the content of controlFile; whoever may read it owns the show, so it is readable by its owner alone.
type control struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

func writeControl(dir string, c control) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, controlFile)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("tell the command line how to reach the show: %w", err)
	}
	return os.Rename(path+".new", path)
}

// ErrUnavailable says that something needed is not there.
var ErrUnavailable = errors.New("not available")

// ErrBadInput says that something given cannot be used.
var ErrBadInput = errors.New("cannot be used")

// ErrDenied says that whoever asked may not.
var ErrDenied = errors.New("not permitted")

// ErrNotNow says that what was asked can be done, but not as things stand.
var ErrNotNow = errors.New("not now")

// Remote is a running show, as its own command line sees it.
type Remote struct {
	control
	client http.Client
}

// Connect finds the show that runs on a data directory.
func Connect(dir string) (*Remote, error) {
	path := filepath.Join(dir, controlFile)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, failf(ErrUnavailable, "no show runs on data directory %s (there is no %s); name another with --data-dir", dir, path)
	case err != nil:
		return nil, ofKind(ErrUnavailable, err)
	}
	r := &Remote{client: http.Client{Timeout: 30 * time.Second}}
	if err := json.Unmarshal(b, &r.control); err != nil {
		return nil, failf(ErrUnavailable, "%s is damaged (%w); restart the show", path, err)
	}
	return r, nil
}

// fullPath makes a path of this process one that the show's process finds, too. Ids stay what they are; id@1.0.0 has
// dots and is none.
func fullPath(plugin string) string {
	if strings.ContainsRune(plugin, filepath.Separator) || isPackage(plugin) || plugin == "." || plugin == ".." {
		if abs, err := filepath.Abs(plugin); err == nil {
			return abs
		}
	}
	return plugin
}

// Scenes are the scenes of a running show.
type Scenes struct {
	Scenes []string `json:"scenes"`
	Own    []string `json:"own"`
}

// ReloadScenes has the show read its scenes again; a broken one changes nothing.
func (r *Remote) ReloadScenes(ctx context.Context) (Scenes, error) {
	var res Scenes
	err := r.call(ctx, http.MethodPost, "/api/v1/stage/scenes/reload", struct{}{}, &res)
	return res, err
}

func (r *Remote) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return failf(ErrUnavailable, "the show (process %d at %s) does not answer: %w", r.PID, r.URL, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return problem(resp)
	}
	if text, ok := out.(*string); ok {
		b, err := io.ReadAll(resp.Body)
		*text = string(b)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("read the show's answer: %w", err)
	}
	return nil
}

// problem turns an RFC 9457 answer into an error.
func problem(resp *http.Response) error {
	var p struct {
		Title, Detail string
		Errors        []struct{ Message, Location string } // of a request that does not fit the API
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if json.Unmarshal(b, &p) != nil || p.Detail == "" && p.Title == "" {
		p.Detail = strings.TrimSpace(string(b))
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	for i, e := range p.Errors {
		if i == 0 {
			p.Detail += ": "
		} else {
			p.Detail += "; "
		}
		p.Detail += e.Location + ": " + e.Message
	}
	kind := ErrUnavailable
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		kind = ErrDenied
	case resp.StatusCode == http.StatusConflict:
		kind = ErrNotNow
	case resp.StatusCode/100 == 4:
		kind = ErrBadInput
	}
	return ofKind(kind, errors.New(p.Detail))
}
