package xapi

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sign is the Authorization header of OAuth 1.0a with HMAC-SHA1. JSON bodies are not part of the signature;
// form holds the fields of a form body, if that is what is sent.
func (u User) sign(method string, to *url.URL, form url.Values, nonce string, now time.Time) string {
	oauth := map[string]string{
		"oauth_consumer_key":     u.ConsumerKey,
		"oauth_nonce":            nonce,
		"oauth_signature_method": "HMAC-SHA1",
		"oauth_timestamp":        strconv.FormatInt(now.Unix(), 10),
		"oauth_token":            u.Token,
		"oauth_version":          "1.0",
	}
	var pairs []string
	for k, v := range oauth {
		pairs = append(pairs, percent(k)+"="+percent(v))
	}
	for _, values := range []url.Values{to.Query(), form} {
		for k, vs := range values {
			for _, v := range vs {
				pairs = append(pairs, percent(k)+"="+percent(v))
			}
		}
	}
	slices.Sort(pairs)
	base := *to
	base.RawQuery, base.Fragment = "", ""
	mac := hmac.New(sha1.New, []byte(percent(u.ConsumerSecret)+"&"+percent(u.TokenSecret)))
	mac.Write([]byte(strings.ToUpper(method) + "&" + percent(base.String()) + "&" + percent(strings.Join(pairs, "&"))))
	oauth["oauth_signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	var fields []string
	for k, v := range oauth {
		fields = append(fields, percent(k)+`="`+percent(v)+`"`)
	}
	slices.Sort(fields)
	return "OAuth " + strings.Join(fields, ", ")
}

// percent escapes by RFC 3986, which is stricter than what net/url does for queries.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		}
	}
	return b.String()
}

func nonce() string { return rand.Text() }
