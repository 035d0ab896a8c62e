package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Limits on a connection. There is none on writing: previews and streams last, and watch over it themselves.
const (
	headerWait   = 5 * time.Second
	idleWait     = 2 * time.Minute
	shutdownWait = 3 * time.Second
	maxHeader    = 32 << 10
)

// Serve answers on listeners and keeps the feed moving until ctx ends; then it closes the sockets, lets requests finish, and returns nil.
func (s *Server) Serve(ctx context.Context, lns ...net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerWait, IdleTimeout: idleWait, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }} // so that sockets hear of the end, too
	failed := make(chan error, len(lns)+1)
	for _, ln := range lns {
		go func() { failed <- wrap("answer requests", srv.Serve(ln)) }()
	}
	go func() {
		failed <- s.Run(ctx)
	}()
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-failed:
		errs = append(errs, err)
		cancel()
	}
	errs = append(errs, s.shutdown(srv))
	for len(errs) < cap(failed)+1 { // all of the above, and the shutdown
		errs = append(errs, <-failed)
	}
	s.sockets.Wait()
	return errors.Join(errs...)
}

// awaited has Serve wait for what serves a socket. It counts before net/http lets go of the connection and waits no longer.
func (s *Server) awaited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.sockets.Add(1)
		defer s.sockets.Done()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWait)
	defer cancel()
	if err := srv.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return wrap("close the requests that did not end", srv.Close())
	} else if err != nil {
		return fmt.Errorf("stop answering: %w", err)
	}
	return nil
}

func wrap(doing string, err error) error {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
