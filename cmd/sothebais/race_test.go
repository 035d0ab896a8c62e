//go:build race

package main

// underRace says that memory is watched: what fills a gigabyte of it would take minutes.
const underRace = true
