package xapi

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The worked example of X's documentation, "Creating a signature".
func TestSignatureOfTheDocumentedExample(t *testing.T) {
	u := User{
		ConsumerKey: "xvz1evFS4wEEPTGEFPHBog", ConsumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		Token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", TokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
	}
	to, err := url.Parse("https://api.x.com/1.1/statuses/update.json?include_entities=true")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"status": {"Hello Ladies + Gentlemen, a signed OAuth request!"}}
	got := u.sign("post", to, form, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", time.Unix(1318622958, 0))
	if want := `oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D"`; !strings.Contains(got, want) {
		t.Errorf("got %s\nwant %s in it", got, want)
	}
}
