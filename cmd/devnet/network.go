package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sothebais/sothebais/cmd/devnet/crowd"
	"github.com/sothebais/sothebais/cmd/devnet/modelsim"
	"github.com/sothebais/sothebais/cmd/devnet/rtmpsink"
	"github.com/sothebais/sothebais/cmd/devnet/xsim"
)

// hostID is the account of the host on the simulated X.
const hostID = "1500000000000000007"

// network is everything outside of the show.
type network struct {
	x       *xsim.Server
	crowd   *crowd.Crowd
	sink    *rtmpsink.Sink
	xLn     net.Listener
	rtmpLn  net.Listener
	xURL    string
	rtmpURL string
}

// build opens the ports and makes the parts.
func build(ctx context.Context, f flags, log *slog.Logger) (*network, error) {
	sink, err := rtmpsink.New(rtmpsink.Config{App: "x", Key: f.Key, Record: f.Record, Logger: log})
	if err != nil {
		return nil, err
	}
	n := &network{sink: sink}
	if n.xLn, err = listen(ctx, f.Bind, f.XPort, "--x-port"); err != nil {
		return nil, err
	}
	if n.rtmpLn, err = listen(ctx, f.Bind, f.RTMPPort, "--rtmp-port"); err != nil {
		return nil, errors.Join(err, n.xLn.Close())
	}
	n.xURL, n.rtmpURL = "http://"+n.xLn.Addr().String(), "rtmp://"+n.rtmpLn.Addr().String()+"/x"
	people := crowd.Users(f.Seed)
	users := make([]xsim.User, len(people))
	for i, p := range people {
		users[i] = xsim.User{ID: p.ID, Username: p.Handle, Name: p.Name}
	}
	n.x = xsim.New(xsim.Config{
		Host:  xsim.User{ID: hostID, Username: f.Handle, Name: "SothebAIs"},
		Users: users, Keys: f.keys(), Strict: !f.Lenient, KeepAlive: f.KeepAlive, HostURL: f.HostURL, Logger: log,
		Limits: map[string]int{"POST /2/tweets": f.ReplyLimit},
	})
	n.crowd = crowd.New(crowd.Config{Seed: f.Seed, Users: people, Host: f.Handle, Rate: f.Posts, Look: n.look, Logger: log,
		Write: func(user, text string) error { _, err := n.x.Write(user, text, ""); return err }})
	return n, nil
}

func listen(ctx context.Context, bind string, port int, flag string) (net.Listener, error) {
	var cfg net.ListenConfig
	ln, err := cfg.Listen(ctx, "tcp", net.JoinHostPort(bind, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w (is it in use? 0 picks a free one)", flag, port, err)
	}
	return ln, nil
}

// run serves until the context ends.
func (n *network) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{Handler: n.handler(), ReadHeaderTimeout: 5 * time.Second}
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	wg.Go(func() { errs <- ended("X", server.Serve(n.xLn)); stop() })
	wg.Go(func() { errs <- ended("the ingest", n.sink.Serve(ctx, n.rtmpLn)); stop() })
	wg.Go(func() { _ = n.crowd.Run(ctx) }) // it ends with the context and says so
	wg.Go(func() { n.listenIn(ctx) })
	<-ctx.Done()
	n.x.Close()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		_ = server.Close() // somebody holds on; cut
	}
	wg.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

// ended is nil when a server ended because it was told to.
func ended(what string, err error) error {
	if err == nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", what, err)
}

// handler is X, its page, a language model, and the judgement of the stream.
func (n *network) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", n.x.Handler())
	mux.Handle("GET /devnet/rtmp", n.sink)
	mux.Handle("/v1/", modelsim.Handler())
	return mux
}

// listenIn lets the crowd read what the host writes.
func (n *network) listenIn(ctx context.Context) {
	n.x.Follow(ctx, func(p xsim.Post) {
		if p.Author.ID == hostID {
			n.crowd.Heard(p.Text)
		}
	})
}

// look asks the show what is on the block, as a page would.
func (n *network) look(ctx context.Context) (crowd.Lot, bool) {
	host := n.x.State().HostURL
	if host == "" {
		return crowd.Lot{}, false
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/api/v1/public/lot", nil)
	if err != nil {
		return crowd.Lot{}, false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return crowd.Lot{}, false
	}
	defer resp.Body.Close()
	return readLot(json.NewDecoder(resp.Body))
}

func readLot(dec *json.Decoder) (crowd.Lot, bool) {
	var in struct {
		State string `json:"state"`
		Lot   *struct {
			ID      string `json:"id"`
			Leader  string `json:"leader"`
			LeftMS  int64  `json:"left_ms"`
			Minimum struct {
				ETH string `json:"eth"`
			} `json:"minimum"`
		} `json:"lot"`
	}
	if dec.Decode(&in) != nil || in.Lot == nil {
		return crowd.Lot{}, false
	}
	minimum, err := strconv.ParseFloat(in.Lot.Minimum.ETH, 64)
	if err != nil {
		return crowd.Lot{}, false
	}
	return crowd.Lot{ID: in.Lot.ID, Open: in.State == "open", Minimum: minimum, Leader: in.Lot.Leader, Left: time.Duration(in.Lot.LeftMS) * time.Millisecond}, true
}

// report is what happened, for the end.
func (n *network) report() any {
	s := n.x.State()
	return map[string]any{"posts": s.Posts, "replies": s.Replies, "rtmp": n.sink.Report()}
}
