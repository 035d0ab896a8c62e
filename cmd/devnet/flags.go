package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sothebais/sothebais/cmd/devnet/xsim"
)

// flags is the command line. Keys follow from the seed, so that a simulator that is started again is the same one.
type flags struct {
	Bind       string        `default:"127.0.0.1" help:"Address to listen on."`
	XPort      int           `name:"x-port" default:"8090" help:"Port of X and its page; 0 picks a free one."`
	RTMPPort   int           `name:"rtmp-port" default:"1936" help:"Port that takes the stream; 0 picks a free one."`
	Seed       int64         `default:"1" help:"The crowd follows from it."`
	Posts      float64       `name:"posts-per-second" default:"1" help:"How much the crowd posts; 0 keeps it quiet."`
	Handle     string        `default:"sothebais" help:"Account of the host, without @."`
	HostURL    string        `name:"host-url" placeholder:"URL" help:"Control room of the show; the crowd and the page read the lot from it."`
	Record     string        `placeholder:"FILE" help:"Record the stream, .flv or .mp4."`
	Key        string        `name:"stream-key" default:"devnet" help:"Key that the stream must be published with."`
	KeepAlive  time.Duration `name:"keep-alive" default:"10s" help:"Silence of the filtered stream between keep-alives."`
	ReplyLimit int           `name:"reply-limit" default:"100000" help:"Posts of the host in 15 minutes; X takes 100."`
	Lenient    bool          `help:"Let the app's bearer token post too, which X does not."`
	JSON       bool          `name:"json" help:"Print the places as one line of JSON on stderr, and a report on stdout at the end."`
	Quiet      bool          `short:"q" help:"Log warnings only."`
}

// keys are the credentials of a seed. They open nothing but this simulator.
func (f flags) keys() xsim.Keys {
	name := func(what string) string { return fmt.Sprintf("devnet-%s-%d", what, f.Seed) }
	return xsim.Keys{Bearer: name("bearer"), ConsumerKey: name("key"), ConsumerSecret: name("secret"), Token: name("token"), TokenSecret: name("token-secret")}
}

// places is where everything is, and how to be let in.
type places struct {
	X    string `json:"xsim"`
	RTMP string `json:"rtmp"`
	Key  string `json:"stream_key"`
	xsim.Keys
	Account string `json:"account"`
}

// announce says where everything is.
func (f flags) announce(w io.Writer, n *network) {
	p := places{X: n.xURL, RTMP: n.rtmpURL, Key: f.Key, Keys: f.keys(), Account: f.Handle}
	if f.JSON {
		_ = json.NewEncoder(w).Encode(p) // stderr is all there is to complain to
		return
	}
	fmt.Fprintf(w, "X and its page   %s\nstream to        %s  key %s\nbearer token     %s\naccount          @%s\n", p.X, p.RTMP, p.Key, p.Bearer, p.Account)
}
