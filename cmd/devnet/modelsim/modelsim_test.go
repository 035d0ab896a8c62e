package modelsim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(t *testing.T, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestAnswers(t *testing.T) {
	const q = `{"model":"m","messages":[{"role":"user","content":"is it rare?"}]`
	code, text := ask(t, q+`}`)
	if code != http.StatusOK || !strings.Contains(text, `"role":"assistant"`) || !strings.Contains(text, `"total_tokens":`) {
		t.Errorf("%d %s", code, text)
	}
	if _, again := ask(t, q+`}`); again != text {
		t.Errorf("the same question has two answers: %s and %s", text, again)
	}
	code, text = ask(t, q+`,"response_format":{"type":"json_schema","json_schema":{"schema":{"properties":{"say":{"type":"string"},"mood":{"enum":["calm"]},"n":{"type":"integer"}}}}}}`)
	if code != http.StatusOK || !strings.Contains(text, `\"mood\":\"calm\"`) || !strings.Contains(text, `\"n\":1`) || !strings.Contains(text, `\"say\":`) {
		t.Errorf("%d %s", code, text)
	}
	for _, bad := range []string{"", "{}", "[", `{"messages":[]}`} {
		if code, text := ask(t, bad); code != http.StatusBadRequest || !strings.Contains(text, "want a JSON object") {
			t.Errorf("%q: %d %s", bad, code, text)
		}
	}
}
