// Package intake turns what people write into what they mean, and hands bids to the auction.
//
// # The bid grammar
//
// When in doubt it refuses and says why; it never guesses about money.
//
//   - An amount is a number with a unit (ETH, ether, Ξ, WETH, gwei, wei), or a bare number right after the word "bid".
//   - One amount a post; the same one twice is one.
//   - A dot or a comma is the decimal sign. "1,500" is refused: it is 1500 to one reader and 1.5 to another.
//   - Full-width letters and the decimal digits of every script are folded to ASCII, nothing else is. Unicode's
//     compatibility folding would make 12 of "1²".
//   - Invisible, combining and direction-changing characters near a number, and letters that only look like a unit, are
//     refused: what people see is not what a program reads.
//   - A number that is glued to something ("5/2", "1-2", "x1.5", "1 500") is refused.
//   - Handles, tags, links and addresses hold no amounts; a number after "lot" is the lot's.
//   - Without the word "bid", talk about prices ("sold for 1.5 ETH") and questions are no bids. With it, a condition or a
//     denial ("I would bid …", "not bidding …") is refused.
//
// # Identity
//
// A post is known by its root, the id of its first version. It is taken once, in the version that came first; later
// versions and redeliveries change nothing and are not answered again.
//
// # Floods
//
// Of an author whose posts in Config.Window are more than Config.Limit, whatever they want, the first one too many is
// told so if it is a bid, and the rest of the window is dropped. The window is measured on the platform's clock, so that
// a backlog that comes in at once after an outage is not mistaken for a flood; and a post counts once in its window, so
// that redeliveries take no room from what is new.
package intake
