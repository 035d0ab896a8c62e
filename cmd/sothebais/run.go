package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host"
)

type runCmd struct {
	showFlags
	X      xFlags     `embed:"" group:"X"`
	Models modelFlags `embed:"" group:"Language model"`
}

// modelFlags are where plugins' questions go; keys come by variable only.
type modelFlags struct {
	URL       string `name:"llm-url" env:"LLM_BASE_URL" placeholder:"URL" help:"Service that speaks the OpenAI protocol, such as https://api.openai.com/v1; without it no plugin can ask a model."`
	Model     string `name:"llm-model" env:"LLM_MODEL" placeholder:"NAME" help:"Model to ask there."`
	Key       string `hidden:"" env:"LLM_API_KEY"`
	NextURL   string `name:"llm-next-url" env:"LLM_NEXT_BASE_URL" placeholder:"URL" help:"Service to ask when the first gives no answer."`
	NextModel string `name:"llm-next-model" env:"LLM_NEXT_MODEL" placeholder:"NAME" help:"Model to ask there."`
	NextKey   string `hidden:"" env:"LLM_NEXT_API_KEY"`
}

func (f modelFlags) config() ([]host.Model, error) {
	var out []host.Model
	for _, m := range []struct {
		host.Model
		url, name string // of its settings
	}{
		{host.Model{BaseURL: f.URL, Key: f.Key, Model: f.Model}, "LLM_BASE_URL", "LLM_MODEL"},
		{host.Model{BaseURL: f.NextURL, Key: f.NextKey, Model: f.NextModel}, "LLM_NEXT_BASE_URL", "LLM_NEXT_MODEL"},
	} {
		switch {
		case m.BaseURL == "":
		case !onTheWeb(m.BaseURL):
			return nil, badFlag(m.url, m.BaseURL, "write an address, such as https://api.openai.com/v1")
		case m.Model.Model == "":
			return nil, badFlag(m.name, "", "name the model to ask at "+m.BaseURL)
		default:
			out = append(out, m.Model)
		}
	}
	return out, nil
}

// xFlags are the credentials of the host's account on X; secrets come by variable only.
type xFlags struct {
	BaseURL      string `name:"x-api-base-url" env:"X_API_BASE_URL" default:"https://api.x.com" help:"Where the X API is."`
	Account      string `name:"x-account" env:"X_ACCOUNT" placeholder:"HANDLE" help:"The show's account, as bidders mention it; asked of X if not given."`
	Posts        int    `name:"x-posts" env:"X_POSTS_PER_15_MINUTES" default:"100" help:"How many answers and posts X takes from the account in 15 minutes."`
	Bearer       string `hidden:"" env:"X_BEARER_TOKEN"`
	APIKey       string `hidden:"" env:"TWITTER_API_KEY"`
	APISecret    string `hidden:"" env:"TWITTER_API_SECRET"`
	AccessToken  string `hidden:"" env:"TWITTER_ACCESS_TOKEN"`
	AccessSecret string `hidden:"" env:"TWITTER_ACCESS_TOKEN_SECRET"`
}

// onTheWeb says whether an address is one that HTTP can be spoken to.
func onTheWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (f xFlags) config() (host.X, error) {
	if !onTheWeb(f.BaseURL) {
		return host.X{}, badFlag("X_API_BASE_URL", f.BaseURL, "write an address, such as https://api.x.com")
	}
	return host.X{Budget: host.Budget{Posts: max(1, f.Posts), Window: 15 * time.Minute},
		BaseURL: f.BaseURL, Account: strings.TrimPrefix(f.Account, "@"), Bearer: f.Bearer, APIKey: f.APIKey, APISecret: f.APISecret, AccessToken: f.AccessToken, AccessSecret: f.AccessSecret}, nil
}

// Run runs a show until it is interrupted.
func (c *runCmd) Run(ctx context.Context, t *talk) error {
	cfg, err := c.config(t)
	if err != nil {
		return err
	}
	if cfg.X, err = c.X.config(); err != nil {
		return err
	}
	if cfg.Models, err = c.Models.config(); err != nil {
		return err
	}
	cfg.OnAir = func(a host.Addresses) { announce(t, c.JSON, a) }
	h, err := host.New(ctx, cfg)
	if err != nil {
		return err
	}
	return h.Run(ctx)
}
