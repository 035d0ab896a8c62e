package host

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sothebais/sothebais/host/llm"
	"github.com/sothebais/sothebais/host/notify"
	"github.com/sothebais/sothebais/host/shipped"
)

// Config is a show: what it sells, who plays, where it listens and where it goes.
type Config struct {
	Version string
	DataDir string // ledger, recordings and the control file; "data" when empty
	Bind    string // "127.0.0.1" when empty
	Ports   Ports

	Show        *Show    // the house show when nil
	Trusted     []string // SHA-256 of modules and bodies of plugins that run inside of this process
	Sources     []string // hosts in the house, each with :port when it is not the usual one, that the control room may fetch packages from
	Personality string   // id of a shipped plugin or a folder; the one that was on stage last when empty
	Seed        int64
	Stream      Stream
	X           X
	Simulator   string // address of the simulator's page, if there is one
	FFmpeg      string // "ffmpeg" on PATH when empty

	Models []Model // language models that plugins may ask, if they are granted it, in this order; none: nobody answers

	OwnerPassword string // made up at the first start when empty
	Assets        fs.FS  // what the program brings along; the embedded tree when nil

	runners []string // starts what runs a plugin; this program when empty

	OnAir  func(Addresses) // called once, when the first frame is out and all ports listen
	Logger *slog.Logger
}

// Stream is the picture, the sound and where they go.
type Stream struct {
	Width, Height, FPS int
	Bitrate            int // bits a second
	AudioBitrate       int
	Preset             string
	Targets            []Target
	Record             string // file to record to, .flv or .mp4; "" for none
}

// Target is an RTMP ingest that the stream is pushed to.
type Target struct {
	Name string
	URL  string
	Key  string
}

// Model is a language model that speaks the OpenAI protocol.
type Model = llm.Provider

// Budget is how much the show may post: so many posts in any span of a window.
type Budget = notify.Budget

// X is how the show reaches X.
type X struct {
	BaseURL                                      string
	Account                                      string // handle of the host, without @; asked of X when empty
	Bearer                                       string
	APIKey, APISecret, AccessToken, AccessSecret string
	Budget                                       Budget // what may be posted; X's own limit when zero
}

// configured reports whether there is an account to speak with.
func (x X) configured() bool { return x.Bearer != "" || x.AccessToken != "" }

// Addresses is where a running show can be found.
type Addresses struct {
	Listening   []Listening
	ControlRoom string
	Login       string // logs the owner in, once
	Password    string // of the owner, if it was made up just now
	LotPage     string
	RTMP        string
	Simulator   string
}

// Listening is one open port.
type Listening struct {
	Name string // the variable that sets it
	Addr string
	URL  string
}

// cacheDir is where compiled modules are kept between starts: they belong to the machine, not to a show.
func (c Config) cacheDir(name string) string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(c.DataDir, "cache")
	}
	return filepath.Join(base, "sothebais", name)
}

// withAssets is the settings with what the program brings along, unless other assets are given.
func (c Config) withAssets() Config {
	if c.Assets == nil {
		c.Assets = shipped.FS()
	}
	return c
}

func (c Config) withDefaults() (Config, error) {
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	if c.Bind == "" {
		c.Bind = "127.0.0.1"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c = c.withAssets()
	if c.Show == nil {
		s, err := ParseShow("default.show.yaml", DefaultShow)
		if err != nil {
			return c, err
		}
		c.Show = s
	}
	s := &c.Stream
	if s.Width == 0 {
		s.Width, s.Height = 1280, 720
	}
	if s.FPS == 0 {
		s.FPS = 30
	}
	return c, nil
}
