// Package telemetry holds the names that logs and metrics share, so that dashboards survive refactors.
package telemetry

// Namespace begins the name of every metric: sothebais_<part>_<what>_<unit>.
const Namespace = "sothebais"

// Keys of structured log records and labels of metrics.
const (
	KeyLot       = "lot"
	KeyBid       = "bid"
	KeyPlugin    = "plugin"
	KeyScene     = "scene"
	KeyCharacter = "character"
	KeyEvent     = "event"
	KeySeq       = "seq"
	KeyPart      = "part"
	KeyOutput    = "output"
	KeyErr       = "err"
)
