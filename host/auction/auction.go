// Package auction holds the rules of an auction: pure values, no clock, no I/O.
//
// # Form
//
// A State is what the facts so far amount to. Decide says which facts would follow from a command at an instant and
// changes nothing; Apply takes a fact in and returns the next State. Whoever records the facts in between may throw a
// State away at any time and rebuild it from them: a replay of the facts is the live state, to the last field.
//
// # Rules
//
//   - A session brings its lots to the block one after the other, with a gap between them; a session that loops begins
//     anew after its last lot, under a new name.
//   - The first bid must reach the start price, each later one the leading bid and the increment: the greater of a fixed
//     amount and a share of the price. Equal bids never count: the first one stands. Who leads cannot outbid himself.
//   - A bid counts at the instant at which it is decided. At the very end of a lot it is too late. A bid that was written
//     before the lot on the block opened was meant for another one and does not count, however late it arrives.
//   - Soft close: an accepted bid within the window before the end moves the end to a fixed time from the bid, never
//     back, and only so many times. What an operator adds does not use up these times.
//   - The hammer: sold to the leading bid when it meets the reserve, unsold otherwise.
//   - While a lot is paused its clock stands and bids are refused.
//   - After an outage (Recover) a lot that is near its end, or past it, gets a grace time: nobody could bid while the
//     house was away, so a hammer in that time, or right after it, would be unfair to everyone but the leader.
package auction
