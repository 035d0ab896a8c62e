// Package replay plays what a plugin heard to a plugin once more: to the same one, which must then ask for the same
// to the bit, or to another version, to see what it would have done.
//
// A recording is made from a ledger. It holds the events in the form that guests hear, so that playing it costs little
// more than the guest itself, and what each plugin was loaded with.
package replay
