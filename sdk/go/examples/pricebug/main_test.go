package main

import (
	"testing"

	"github.com/sothebais/sothebais/sdk/go/examples/internal/playback"
)

func TestTranscript(t *testing.T) { playback.Test(t, "pricebug", plugin()) }
