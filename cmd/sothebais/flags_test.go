package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host"
)

// A password that was made up is told in either form of talk: only its hash is kept.
func TestNewPasswordIsTold(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		for _, password := range []string{"", "babe-bibo"} {
			var out bytes.Buffer
			announce(&talk{err: &out}, asJSON, host.Addresses{Password: password})
			told := strings.Contains(out.String(), "password")
			if told != (password != "") || !strings.Contains(out.String(), password) {
				t.Errorf("JSON %t, password %q: said %q", asJSON, password, out.String())
			}
		}
	}
}
