package admin

import (
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"
)

// previewWrite is how long a viewer may take for one fragment before it is let go; the page connects anew at the live edge.
const previewWrite = 5 * time.Second

// preview serves /ws/preview: one text message {"codec":…}, the initialisation segment, then fragments as they come.
func (s *Server) preview(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Preview == nil {
		problem(w, http.StatusServiceUnavailable, "the stream does not run in this process")
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.cfg.Origins, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // the viewer is gone either way
	s.metrics.previews.Inc()
	defer s.metrics.previews.Dec()
	s.previews.Add(1)
	defer s.previews.Add(-1)
	err = s.play(conn.CloseRead(r.Context()), conn, visitorOf(r.Context()))
	if errors.Is(err, ErrAbsent) {
		_ = conn.Close(websocket.StatusTryAgainLater, "no stream yet")
		return
	}
	_ = conn.Close(websocket.StatusGoingAway, "")
}

func (s *Server) play(ctx context.Context, conn *websocket.Conn, who visitor) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := s.cfg.Preview(ctx)
	if err != nil {
		return errors.Join(ErrAbsent, err)
	}
	head, err := json.Marshal(map[string]string{"codec": p.Codec})
	if err != nil {
		return err
	}
	if err := put(ctx, conn, websocket.MessageText, head); err != nil {
		return err
	}
	if err := put(ctx, conn, websocket.MessageBinary, p.Init); err != nil {
		return err
	}
	beat := time.NewTicker(feedBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			if who.who != whoCLI && !s.owner.alive(who.cookie, time.Now()) {
				return conn.Close(closeLoggedIn, "logged out")
			}
		case f, ok := <-p.Fragments:
			if !ok {
				return nil
			}
			if err := put(ctx, conn, websocket.MessageBinary, f); err != nil {
				return err
			}
		}
	}
}

func put(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, previewWrite)
	defer cancel()
	return conn.Write(ctx, kind, b)
}

// frame serves the newest frame of the programme as PNG.
func (s *Server) frame(w http.ResponseWriter, _ *http.Request) {
	if s.cfg.Frame == nil {
		problem(w, http.StatusServiceUnavailable, "the stage does not run in this process")
		return
	}
	img := s.cfg.Frame()
	if img == nil {
		problem(w, http.StatusServiceUnavailable, "no frame has been drawn yet; ask again in a second")
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
}

// artwork serves the pictures of the lots, to everyone. A drawing may hold a script, so it is shown as a document of its own without any.
func (s *Server) artwork(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+chi.URLParam(r, "*")), "/")
	kind := map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
		".svg": "image/svg+xml", ".avif": "image/avif"}[strings.ToLower(path.Ext(name))]
	if s.cfg.Artwork == nil || kind == "" || !fs.ValidPath(name) {
		problem(w, http.StatusNotFound, "there is no artwork "+name)
		return
	}
	if st, err := fs.Stat(s.cfg.Artwork, name); err != nil || st.IsDir() {
		problem(w, http.StatusNotFound, "there is no artwork "+name)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, s.cfg.Artwork, name)
}
