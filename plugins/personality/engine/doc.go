// Package engine runs a declarative personality: a file of moods, triggers and lines becomes what a character says and does.
//
// What it promises:
//
//   - A personality is a pure function of its file, its state and its events: the same events give the same words.
//   - A file that loads cannot fail on air. Conditions are typed and total, pools cannot refer to themselves, and a line
//     whose slots have nothing to say is not chosen.
//   - No line is said twice within the file's memory (ten minutes unless it says otherwise).
//   - Words of strangers are never spoken: of a post, only the handle, and that only when it is decent.
//   - Errors name line and column, say what was expected, and offer the nearest right word.
//
// It imports nothing of the show, so that it is tested natively and compiled into a guest alike.
package engine
