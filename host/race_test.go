//go:build race

package host

// underRace says that memory is watched, for which a process of a plugin has no room.
const underRace = true
