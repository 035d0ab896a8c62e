package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// What the parts behind Config may answer; the text of the error goes to the operator.
var (
	ErrUnknown = errors.New("unknown")     // there is no such lot, plugin, …: 404
	ErrInvalid = errors.New("not valid")   // what was asked cannot be: 422
	ErrRefused = errors.New("not now")     // it can be, but not in this state: 409
	ErrAbsent  = errors.New("not running") // the part is not in this process, or down: 503

	ErrForbidden = errors.New("not permitted") // nobody who is trusted allows it: 403
	ErrUnreached = errors.New("not reached")   // somebody else's server was asked, in vain: 502
)

// statusOf turns the error of a part into a status; otherwise is for one that says nothing of itself.
func statusOf(err error, otherwise int) int {
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, ErrForbidden):
		return http.StatusForbidden
	case errors.Is(err, ErrUnreached):
		return http.StatusBadGateway
	case errors.Is(err, ErrRefused):
		return http.StatusConflict
	case errors.Is(err, ErrAbsent), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return otherwise
}

// readFailed answers for a part that could not tell what it was asked.
func (s *Server) readFailed(err error) error {
	status := statusOf(err, http.StatusInternalServerError)
	if status == http.StatusInternalServerError {
		s.log.Error("a read for the control room failed", "err", err)
		return huma.NewError(status, "the read failed; the reason is in the program's log")
	}
	return huma.NewError(status, err.Error())
}

// actFailed answers for a part that did not do what it was told; unless it says otherwise, it refused.
func actFailed(err error) error {
	return huma.NewError(statusOf(err, http.StatusConflict), err.Error())
}

func absent(part string) error {
	return huma.Error503ServiceUnavailable(part + " does not run in this process; start it here, or ask the process that has it")
}

// problem writes a problem document outside of the API's own handlers.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}

// isAnswer reports whether the error is a problem document already.
func isAnswer(err error) bool {
	var p huma.StatusError
	return errors.As(err, &p)
}

// answer writes an error of the API outside of it.
func answer(w http.ResponseWriter, err error) {
	var p huma.StatusError
	if !errors.As(err, &p) {
		problem(w, http.StatusInternalServerError, "the request failed; the reason is in the program's log")
		return
	}
	var m *huma.ErrorModel
	if errors.As(err, &m) {
		problem(w, m.Status, m.Detail)
		return
	}
	problem(w, p.GetStatus(), p.Error())
}
