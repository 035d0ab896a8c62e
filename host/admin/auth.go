package admin

import (
	"context"
	"crypto/subtle"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// cookieName of the session. Cookies know no ports, so the name is ours alone.
const cookieName = "sothebais_session"

// Who acts.
const (
	whoOwner = "owner"
	whoCLI   = "cli"
)

// visitor is what the middleware knows of a request; who is empty without a login.
type visitor struct {
	who    string
	cookie string
	addr   string
	tls    bool
}

type visitorKey struct{}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(visitorKey{}).(visitor)
	return v
}

// identify finds out who asks; it refuses nobody.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitor{addr: hostOf(r.RemoteAddr), tls: r.TLS != nil}
		if c, err := r.Cookie(cookieName); err == nil && s.owner.alive(c.Value, time.Now()) {
			v.who, v.cookie = whoOwner, c.Value
		}
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.tokenFits(token) {
			v.who = whoCLI
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

func (s *Server) tokenFits(token string) bool {
	return s.cfg.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.cfg.Token)) == 1
}

// ownerOnly guards what is outside of the API.
func (s *Server) ownerOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visitorOf(r.Context()).who == "" {
			problem(w, http.StatusUnauthorized, "log in first: POST /api/v1/login")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guard is ownerOnly for operations of the API that name a security scheme.
func guard(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if len(ctx.Operation().Security) > 0 && visitorOf(ctx.Context()).who == "" {
			_ = huma.WriteErr(api, ctx, http.StatusUnauthorized, "log in first: POST /api/v1/login with the owner's password")
			return
		}
		next(ctx)
	}
}

type loginInput struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"200" doc:"the owner's password"`
		Token    string `json:"token,omitempty" maxLength:"200" doc:"or the token of the one-time link printed at start"`
	}
}

// Me says who is logged in.
type Me struct {
	Who     string `json:"who" example:"owner"`
	Name    string `json:"name" doc:"of the show"`
	Version string `json:"version"`
	Epoch   string `json:"epoch" doc:"identity of the ledger"`
}

type loginOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (s *Server) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	v, now := visitorOf(ctx), time.Now()
	if wait := s.limit.take(v.addr, now); wait > 0 {
		s.metrics.logins.WithLabelValues("limited").Inc()
		return nil, tooMany(wait)
	}
	if !s.admits(in.Body.Password, in.Body.Token) {
		s.metrics.logins.WithLabelValues("refused").Inc()
		return nil, huma.Error401Unauthorized("the password is wrong, or the link was used already; " +
			"set SOTHEBAIS_OWNER_PASSWORD and start again to choose a new one")
	}
	cookie, err := s.owner.begin(ctx, now)
	if err != nil {
		return nil, s.readFailed(err)
	}
	s.limit.forgive(v.addr)
	s.metrics.logins.WithLabelValues("ok").Inc()
	return &loginOutput{SetCookie: s.cookie(cookie, v.tls, int(s.cfg.Session.Seconds())), Body: s.meOf(whoOwner)}, nil
}

// admits reports whether either proof is the owner's. Hashing takes 19 MiB, so it is done by one caller at a time.
func (s *Server) admits(password, token string) bool {
	if token != "" {
		return s.owner.redeem(token)
	}
	if password == "" {
		return false
	}
	s.hashing.Lock()
	defer s.hashing.Unlock()
	return s.owner.check(password)
}

func tooMany(wait time.Duration) error {
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return huma.ErrorWithHeaders(huma.Error429TooManyRequests("too many attempts; wait "+seconds+" s"),
		http.Header{"Retry-After": {seconds}})
}

func (s *Server) cookie(value string, tls bool, maxAge int) http.Cookie {
	return http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: tls, SameSite: http.SameSiteStrictMode}
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) logout(ctx context.Context, _ *struct{}) (*logoutOutput, error) {
	v := visitorOf(ctx)
	if v.cookie != "" {
		if err := s.owner.end(ctx, v.cookie); err != nil {
			return nil, s.readFailed(err)
		}
	}
	return &logoutOutput{SetCookie: s.cookie("", v.tls, -1)}, nil
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*body[Me], error) {
	return &body[Me]{s.meOf(visitorOf(ctx).who)}, nil
}

func (s *Server) meOf(who string) Me {
	return Me{Who: who, Name: s.cfg.Name, Version: s.cfg.Version, Epoch: s.cfg.Epoch}
}

// hostOf is the address without its port; IPv6 counts by its /64, which one household owns whole.
func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Unmap().Is4() {
		return host
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}
