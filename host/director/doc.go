// Package director decides which cues reach the stage, and when.
//
// Plugins ask, the operator asks; the director answers each cue with exactly one fact: cue.raised when it goes on
// stage, cue.dropped with a reason when it does not. What it promises:
//
//   - A cue is in the ledger before anyone sees or hears it, and names the fact that led to it.
//   - One speaker at a time. Of what waits, the more important is said first; what has grown stale is not said at all.
//   - The next line is voiced while the current one is spoken, so the pause between two lines is the gap that was asked for.
//   - A line is cut short only by the operator, or when it was filling a silence and a bid came in.
//   - No source can flood the stage: each has a budget of cues and a smaller one of lines.
//   - What happened long ago is not talked about: a plugin that catches up sets the scene and the texts, and no more.
//   - Offer never waits. What does not fit into the inbox is dropped and counted.
//
// One loop (Run) owns all state; the only work outside it is the voice, one line at a time.
package director
