// Package modelsim stands in for a language model that speaks the OpenAI protocol. Its answers follow from the question
// alone, so that a show can be tried without an account and played again.
package modelsim

import (
	"encoding/json"
	"hash/fnv"
	"net/http"
)

// maxQuestion bounds what is read of a request.
const maxQuestion = 1 << 20

// question is what is read of a request.
type question struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Format struct {
		Type   string `json:"type"`
		Schema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

var lines = []string{"Now that is a question worth a bid.", "I have seen stranger things go for less.", "Look closely; it looks back.", "The hammer has heard worse.", "Ask me again when it is yours."}

// Handler answers POST /v1/chat/completions.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", complete)
	return mux
}

func complete(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&q); err != nil || len(q.Messages) == 0 {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"message": "want a JSON object with model and messages", "type": "invalid_request_error"}})
		return
	}
	said, h := 0, fnv.New32a()
	for _, m := range q.Messages {
		said += len(m.Content)
		_, _ = h.Write([]byte(m.Content))
	}
	text := answer(q.Format.Schema.Schema, lines[h.Sum32()%uint32(len(lines))])
	asked, given := said/4+1, len(text)/4+1
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "chatcmpl-devnet", "object": "chat.completion", "model": q.Model,
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": text}}},
		"usage":   map[string]int{"prompt_tokens": asked, "completion_tokens": given, "total_tokens": asked + given}})
}

// answer is a line, or an object whose texts are that line when a schema of an object was given.
func answer(schema json.RawMessage, line string) string {
	var s struct {
		Properties map[string]struct {
			Type string            `json:"type"`
			Enum []json.RawMessage `json:"enum"`
		} `json:"properties"`
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil || len(s.Properties) == 0 {
		return line
	}
	out := map[string]any{}
	for name, p := range s.Properties {
		switch {
		case len(p.Enum) > 0:
			out[name] = p.Enum[0]
		case p.Type == "string":
			out[name] = line
		case p.Type == "integer", p.Type == "number":
			out[name] = 1
		case p.Type == "boolean":
			out[name] = true
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return line
	}
	return string(b)
}
