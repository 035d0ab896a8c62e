// Package e2e holds the tests of the built programs: real FFmpeg, real players, a real browser, real crashes.
// They need `make build`, and look at pictures and sound, not at exit codes.
package e2e
