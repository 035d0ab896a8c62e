package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Where things are.
const (
	apiPath  = "/api/v1"
	artPath  = "/art/"
	maxBody  = 64 << 10 // of a request; the longest is a line to say
	readWait = 5 * time.Second
)

// body is an answer that is nothing but JSON.
type body[T any] struct{ Body T }

// Server is the control room and the lot page.
type Server struct {
	cfg     Config
	log     *slog.Logger
	owner   *owner
	limit   loginLimit
	hashing sync.Mutex
	hub     *hub
	lots    *lotPage
	metrics *metrics
	devs    *devs
	api     huma.API
	handler http.Handler

	previews atomic.Int64   // open previews
	sockets  sync.WaitGroup // open feeds and previews
}

// New opens the owner's account and lays the routes; Serve does the rest.
func New(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	own, err := newOwner(ctx, cfg.Store, cfg.Password, cfg.Session)
	if err != nil {
		return nil, fmt.Errorf("open the owner's account: %w", err)
	}
	s := &Server{cfg: cfg, log: cfg.Logger, owner: own, metrics: newMetrics(cfg.Metrics), devs: newDevs()}
	var last uint64
	if cfg.Bus != nil {
		last = cfg.Bus.Last()
	}
	s.hub = newHub(last)
	if s.lots, err = newLotPage(s); err != nil {
		return nil, fmt.Errorf("read the lot page: %w", err)
	}
	s.handler = s.routes()
	return s, nil
}

// Handler is what Serve answers with, for a server of one's own; Run must be running then for the feed to move.
func (s *Server) Handler() http.Handler { return s.handler }

// FirstPassword is the owner's password when it was made at this start, else empty. It is shown once and kept nowhere.
func (s *Server) FirstPassword() string { return s.owner.fresh }

// LoginPath is a link that logs its first user in, such as "/login?token=…".
func (s *Server) LoginPath() string {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	if s.owner.link == "" {
		return "/login"
	}
	return "/login?token=" + url.QueryEscape(s.owner.link)
}

func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.measure, s.recoverer, secureHeaders, s.sameOrigin, middleware.CleanPath, middleware.GetHead, s.identify)
	s.api = humachi.New(r, apiConfig(s.cfg))
	s.api.UseMiddleware(guard(s.api))
	s.operations()
	r.Get("/docs", s.docs)
	r.Group(func(r chi.Router) {
		r.Use(s.ownerOnly)
		r.With(s.awaited).Get("/ws/feed", s.feed)
		r.With(s.awaited).Get("/ws/preview", s.preview)
		r.Get("/stream/frame", s.frame)
	})
	r.Get("/lot", s.lots.page)
	r.Get("/lot/{file}", s.lots.asset)
	r.Get(apiPath+"/public/lot/stream", s.lots.stream)
	r.Get(artPath+"*", s.artwork)
	pages := newPages(s.cfg.UI)
	for _, p := range []string{"/", "/login", "/plugins", "/preview", "/index.html", "/assets/*", "/favicon.svg", "/theme.js"} {
		r.Get(p, pages.ServeHTTP)
	}
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is nothing at "+r.URL.Path+"; the control room is at /, the lot page at /lot, the API is described at /docs")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusMethodNotAllowed, r.Method+" is not possible at "+r.URL.Path+"; see /docs")
	})
	return r
}

func apiConfig(cfg Config) huma.Config {
	c := huma.DefaultConfig(cfg.Name+" control room", "1")
	c.Info.Description = "Shows a live auction and steers it. Errors are problem documents (RFC 9457)."
	c.OpenAPIPath = apiPath + "/openapi"
	c.SchemasPath = ""
	c.DocsPath = ""
	c.CreateHooks = nil // no $schema member in answers
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "set by POST " + apiPath + "/login"},
		"token":   {Type: "http", Scheme: "bearer", Description: "for programs on this machine: control token of the data directory"},
	}
	return c
}

// secureHeaders keeps our pages to their own files and sockets, and out of other pages' frames.
func secureHeaders(next http.Handler) http.Handler {
	const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses acts that another site's page sent.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusForbidden, "this request came from a page of another site; use the control room itself")
	}))
	return p.Handler(next)
}

// recoverer turns a panic into a problem document and a log record.
func (s *Server) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // the very value is the signal
				panic(v)
			}
			s.log.Error("a request failed badly", "path", r.URL.Path, "err", v)
			problem(w, http.StatusInternalServerError, "this request met a fault in the program; the reason is in its log")
		}()
		next.ServeHTTP(w, r)
	})
}
