//go:build race

package bundle

// underRace says that memory is watched: what fills a gigabyte of it would take minutes.
const underRace = true
