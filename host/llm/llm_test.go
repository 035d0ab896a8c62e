package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/plugin"
)

// model answers as the protocol wants, or as answer says.
func model(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body map[string]any)) Provider {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var body map[string]any
		if err != nil || json.Unmarshal(b, &body) != nil || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("%s %s: %s, %v", r.Method, r.URL, b, err)
		}
		answer(w, r, body)
	}))
	t.Cleanup(s.Close)
	return Provider{BaseURL: s.URL + "/v1", Key: "key", Model: "small"}
}

func says(w http.ResponseWriter, text string, tokens int) {
	w.Header().Set("Content-Type", "application/json")
	content, _ := json.Marshal(text)
	fmt.Fprintf(w, `{"id":"1","object":"chat.completion","model":"small","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%s}}],"usage":{"total_tokens":%d}}`, content, tokens)
}

const yesOrNo = `{"type":"object","properties":{"say":{"type":"string","maxLength":20}},"required":["say"],"additionalProperties":false}`

func TestAsk(t *testing.T) {
	p := model(t, func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		messages, _ := body["messages"].([]any)
		if len(messages) != 2 || body["model"] != "small" || body["max_completion_tokens"] != 40.0 || r.Header.Get("Authorization") != "Bearer key" ||
			!strings.Contains(fmt.Sprint(body["response_format"]), "json_schema") {
			t.Errorf("asked %v", body)
		}
		says(w, `{"say":"sold"}`, 33)
	})
	got, err := New(Config{Providers: []Provider{p}}).Ask(t.Context(), plugin.Question{Instructions: "be short", Prompt: "well?", Schema: yesOrNo, MaxTokens: 40})
	if err != nil || got != (plugin.Reply{Text: `{"say":"sold"}`, Tokens: 33}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTheNextIsAsked when one fails twice, or answers what cannot be used; what it cost counts all the same.
func TestTheNextIsAsked(t *testing.T) {
	calls := 0
	broken := model(t, func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		calls++
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	rambling := model(t, func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		says(w, `{"say":"`+strings.Repeat("x", 30)+`"}`, 10)
	})
	good := model(t, func(w http.ResponseWriter, _ *http.Request, _ map[string]any) { says(w, `{"say":"sold"}`, 5) })
	got, err := New(Config{Providers: []Provider{broken, rambling, good}}).Ask(t.Context(), plugin.Question{Prompt: "well?", Schema: yesOrNo, MaxTokens: 40})
	if err != nil || got.Tokens != 15 || calls != 2 {
		t.Errorf("%+v, %v; the broken one was asked %d times", got, err, calls)
	}
	got, err = New(Config{Providers: []Provider{rambling}}).Ask(t.Context(), plugin.Question{Prompt: "well?", Schema: yesOrNo, MaxTokens: 40})
	if !errors.Is(err, ErrNoAnswer) || got.Tokens != 10 || !strings.Contains(err.Error(), "does not fit the schema") {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = New(Config{Providers: []Provider{broken}}).Ask(t.Context(), plugin.Question{Prompt: "well?", MaxTokens: 40})
	if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "status 503") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("%v", err)
	}
}

// TestAServiceThatDoesNotCount: what it says costs something all the same, or a budget would be none.
func TestAServiceThatDoesNotCount(t *testing.T) {
	p := model(t, func(w http.ResponseWriter, _ *http.Request, _ map[string]any) { says(w, strings.Repeat("x", 400), 0) })
	got, err := New(Config{Providers: []Provider{p}}).Ask(t.Context(), plugin.Question{Instructions: "be long", Prompt: "well?", MaxTokens: 400})
	if err != nil || got.Tokens != 104 {
		t.Errorf("%d tokens, %v", got.Tokens, err)
	}
}

func TestDeadline(t *testing.T) {
	p := model(t, func(_ http.ResponseWriter, r *http.Request, _ map[string]any) {
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	_, err := New(Config{Providers: []Provider{p}, Timeout: 100 * time.Millisecond}).Ask(context.Background(), plugin.Question{Prompt: "well?", MaxTokens: 1})
	if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%v", err)
	}
}

func TestBadSchema(t *testing.T) {
	if _, err := New(Config{}).Ask(t.Context(), plugin.Question{Schema: `{"type":"objekt"}`}); !errors.Is(err, plugin.ErrSchema) {
		t.Errorf("%v", err)
	}
}
