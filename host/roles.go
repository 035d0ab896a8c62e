package host

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Roles of the program; each can have a process of its own, so each has its own metrics and health.
const (
	roleAdmin   = "admin"
	roleStream  = "stream"
	roleEvents  = "events"
	roleAuction = "auction"
	roleAgent   = "agent"
)

// registries holds the metrics of each role.
type registries map[string]*prometheus.Registry

func newRegistries() registries {
	r := registries{}
	for _, role := range []string{roleAdmin, roleStream, roleEvents, roleAuction, roleAgent} {
		reg := prometheus.NewRegistry()
		reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		r[role] = reg
	}
	return r
}

// health answers whether each part of a role works; nil is well.
type health map[string]map[string]func() error

func (h health) add(role, part string, check func() error) {
	if h[role] == nil {
		h[role] = map[string]func() error{}
	}
	h[role][part] = check
}

// handler answers 200 {"status":"ok"} or 503 with the parts that do not work.
func (h health) handler(role string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status, code := "ok", http.StatusOK
		parts := map[string]string{}
		for part, check := range h[role] {
			parts[part] = "ok"
			if err := check(); err != nil {
				parts[part], status, code = err.Error(), "degraded", http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "role": role, "parts": parts})
	})
}

// opsHandler is what listens on the metrics and health ports of a role; both answer on either.
// Profiles are there as long as only this machine can ask for them.
func opsHandler(role string, regs registries, h health, addr net.Addr) http.Handler {
	mux := http.NewServeMux()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(regs[role], promhttp.HandlerOpts{}))
	mux.Handle("GET /health", h.handler(role))
	return mux
}

// serveHTTP serves a role's metrics and health until ctx ends and every handler has returned, or its patience with them
// is over.
func serveHTTP(ctx context.Context, ln net.Listener, handler http.Handler) error {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := srv.Shutdown(patience); err != nil {
		_ = srv.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}
