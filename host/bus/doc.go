// Package bus records facts and carries them to everyone who listens.
//
// # Promises
//
//   - A fact is durable before anyone hears of it. Record returns after the ledger has it; subscribers learn of it then.
//   - There is one order: the ledger's Seq, from 1, without gaps. Every subscriber sees it, from where it asked to begin.
//   - A batch is atomic: all of its facts are recorded, next to each other, or none is.
//   - A batch whose origin was seen fails alone (event.DuplicateOriginError), whoever shared its transaction.
//   - The writer never waits for a reader. The newest facts are in a ring in memory; whoever fell behind it reads the
//     ledger until it has caught up, and misses nothing.
//
// # How
//
// Run owns the one writer. While a transaction is being made durable, further Records gather; the next transaction
// takes all of them (group commit), so that the price of one fsync is shared by everyone who waits for it.
//
// # When writing fails
//
// An error of Record other than a duplicate origin or ErrClosed leaves the outcome unknown: the facts may be in the
// ledger. Before it writes again the bus asks the ledger what is there and publishes what it did not know of, so that
// subscribers stay gap-free; whoever holds state of his own must rebuild it from the ledger in the same way.
package bus
