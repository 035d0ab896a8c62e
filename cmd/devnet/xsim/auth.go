package xsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// who is on whose behalf a request is made.
type who int

const (
	nobody who = iota
	theApp
	theUser
)

// authenticate finds out who asks.
func (s *Server) authenticate(r *http.Request) (who, error) {
	h := r.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(h, "Bearer "); ok {
		if s.cfg.Keys.Bearer == "" || subtle.ConstantTimeCompare([]byte(token), []byte(s.cfg.Keys.Bearer)) != 1 {
			return nobody, errors.New("the bearer token is not known")
		}
		return theApp, nil
	}
	if fields, ok := strings.CutPrefix(h, "OAuth "); ok {
		return theUser, s.checkOAuth1(r, fields, time.Now())
	}
	return nobody, errors.New("no Authorization header")
}

// checkOAuth1 verifies a signature of OAuth 1.0a.
func (s *Server) checkOAuth1(r *http.Request, fields string, now time.Time) error {
	got := url.Values{}
	for _, f := range strings.Split(fields, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(f), "=")
		dec, err := url.PathUnescape(strings.Trim(v, `"`))
		if err != nil {
			return errors.New("the Authorization header is malformed")
		}
		got.Set(k, dec)
	}
	k := s.cfg.Keys
	if got.Get("oauth_consumer_key") != k.ConsumerKey || got.Get("oauth_token") != k.Token || k.Token == "" {
		return errors.New("the consumer key or the access token is not known")
	}
	at, err := strconv.ParseInt(got.Get("oauth_timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return errors.New("timestamp out of bounds")
	}
	signature := got.Get("oauth_signature")
	got.Del("oauth_signature")
	if !hmac.Equal([]byte(signature), []byte(k.signature(r, got))) {
		return errors.New("could not authenticate you: the signature is wrong")
	}
	return nil
}

// signature is what a client with these keys would have signed.
func (k Keys) signature(r *http.Request, oauth url.Values) string {
	var pairs []string
	for _, values := range []url.Values{oauth, r.URL.Query()} {
		for name, vs := range values {
			for _, v := range vs {
				pairs = append(pairs, escape(name)+"="+escape(v))
			}
		}
	}
	slices.Sort(pairs)
	base := r.Method + "&" + escape("http://"+r.Host+r.URL.EscapedPath()) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(escape(k.ConsumerSecret)+"&"+escape(k.TokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// escape is RFC 3986, which url.QueryEscape is but for spaces and the tilde.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(s))
}
