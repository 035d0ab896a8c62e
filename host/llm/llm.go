// Package llm asks language models that speak the OpenAI protocol, for plugins.
//
// A question has a deadline and a greatest length of its answer. A provider that fails is asked once more, then the next
// one is asked. An answer that does not fit the schema that was asked for is no answer. Nothing is remembered between
// questions, and nothing of the show but the words of the question leaves the house.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Provider is a service that answers at BaseURL + /chat/completions.
type Provider struct {
	BaseURL string
	Key     string
	Model   string
}

// Config of a Client. Providers are asked in their order.
type Config struct {
	Providers []Provider
	Timeout   time.Duration // of a question, whoever answers it; 20 s
	Logger    *slog.Logger
	Metrics   prometheus.Registerer
}

// maxAnswer bounds the text of an answer, in bytes.
const maxAnswer = 8192

// ErrNoAnswer says that no provider gave an answer that can be used.
var ErrNoAnswer = errors.New("the model gave no answer")

// Client asks.
type Client struct {
	cfg     Config
	asked   []openai.Client
	seconds prometheus.Histogram
	tokens  prometheus.Counter
	failed  prometheus.Counter
}

// New makes a client.
func New(cfg Config) *Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "llm", Name: name, Help: help}
	}
	c := &Client{cfg: cfg, tokens: prometheus.NewCounter(opts("tokens_total", "Tokens that questions and answers cost.")),
		failed: prometheus.NewCounter(opts("failures_total", "Times that a provider gave no answer that can be used.")),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: "llm", Name: "answer_seconds",
			Help: "Time until an answer.", Buckets: prometheus.ExponentialBuckets(0.05, 2, 10)})}
	if cfg.Metrics != nil {
		cfg.Metrics.MustRegister(c.tokens, c.failed, c.seconds)
	}
	for _, p := range cfg.Providers {
		c.asked = append(c.asked, openai.NewClient(option.WithBaseURL(p.BaseURL), option.WithAPIKey(p.Key), option.WithMaxRetries(1),
			option.WithHTTPClient(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()})))
	}
	return c
}

// Ask puts a question to the first provider that answers it. The tokens of the reply count even with an error.
func (c *Client) Ask(ctx context.Context, q plugin.Question) (plugin.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	schema, err := schemaOf(q.Schema)
	if err != nil {
		return plugin.Reply{}, err
	}
	began := time.Now()
	var spent int
	var errs []error
	for i := range c.asked {
		r, err := c.ask(ctx, i, q, schema)
		spent += r.Tokens
		if err == nil {
			c.seconds.Observe(time.Since(began).Seconds())
			return plugin.Reply{Text: r.Text, Tokens: spent}, nil
		}
		c.failed.Inc()
		c.cfg.Logger.Warn("a language model gave no answer", "provider", i+1, telemetry.KeyErr, err)
		errs = append(errs, err)
	}
	return plugin.Reply{Tokens: spent}, fmt.Errorf("%w: %s", ErrNoAnswer, why(ctx, errs))
}

// why is what the plugin is told: no address, no key, nothing of the house.
func why(ctx context.Context, errs []error) string {
	var api *openai.Error
	var form *formError
	switch err := errors.Join(errs...); {
	case ctx.Err() != nil:
		return "it took too long"
	case errors.As(err, &form):
		return form.Error()
	case errors.As(err, &api):
		return fmt.Sprintf("its service answered with status %d", api.StatusCode)
	}
	return "its service cannot be reached"
}

// formError says that an answer came and cannot be used.
type formError struct{ text string }

func (e *formError) Error() string { return e.text }

func schemaOf(text string) (*plugin.Schema, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // text is as good an answer as any
	}
	return plugin.ParseSchema([]byte(text))
}

func (c *Client) ask(ctx context.Context, i int, q plugin.Question, schema *plugin.Schema) (plugin.Reply, error) {
	p := openai.ChatCompletionNewParams{Model: c.cfg.Providers[i].Model, MaxCompletionTokens: openai.Int(int64(q.MaxTokens))}
	if q.Instructions != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(q.Instructions))
	}
	p.Messages = append(p.Messages, openai.UserMessage(q.Prompt))
	if schema != nil {
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "answer", Schema: json.RawMessage(q.Schema)}}
	}
	got, err := c.asked[i].Chat.Completions.New(ctx, p)
	if err != nil {
		return plugin.Reply{}, err
	}
	var r plugin.Reply
	if len(got.Choices) > 0 {
		r.Text = got.Choices[0].Message.Content
	}
	if r.Tokens = int(got.Usage.TotalTokens); r.Tokens <= 0 { // not every service tells
		r.Tokens = (len(q.Instructions)+len(q.Prompt)+len(q.Schema)+len(r.Text))/bytesAToken + 1
	}
	c.tokens.Add(float64(r.Tokens))
	if r.Text == "" {
		return r, &formError{"its answer is empty"}
	}
	return r, fits(r.Text, schema)
}

// bytesAToken is how many bytes a token has, more or less.
const bytesAToken = 4

func fits(text string, schema *plugin.Schema) error {
	if len(text) > maxAnswer {
		return &formError{fmt.Sprintf("its answer is longer than %d bytes", maxAnswer)}
	}
	if schema == nil {
		return nil
	}
	if err := schema.Check([]byte(text)); err != nil {
		return &formError{"its answer does not fit the schema: " + err.Error()}
	}
	return nil
}
