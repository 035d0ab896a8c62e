// Package admin is the control room and the public lot page over HTTP.
//
// It shows the show and steers it; it decides nothing. What it needs from the
// rest of the program are the small interfaces of Config, and a part that is
// absent answers 503 with its name, so that one process may hold any of them.
//
// Promises:
//   - Nothing but the public lot page, its JSON, the artwork and the files of
//     the page itself is readable without a login. There is one account, the
//     owner, from the first start; a password is made when none is given.
//   - Every act needs a login and comes from our own pages (fetch metadata and
//     Origin are checked) or from a program with the control token.
//   - Every error is a problem document (RFC 9457) that says where it is and
//     how to mend it.
//   - The feed hands out facts in the order of the ledger, without gaps: a
//     reader that falls behind is served from the ledger, and one too far
//     behind is told so ("lagged") before it jumps. Nobody waits for a reader.
package admin
