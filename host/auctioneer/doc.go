// Package auctioneer holds the auction: one loop that owns the lots, decides every bid, and makes it durable.
//
// # Promises
//
//   - A bid is answered after its outcome is in the ledger, together with the post it came from: both or neither.
//   - A post counts once, however often it is handed in: the ledger refuses its origin the second time.
//   - Bids are decided in the order in which they arrive, at one instant of the loop's clock. That clock begins at the
//     wall clock or at the newest fact, whichever is later, and does not follow jumps of the wall clock: no fact of the
//     auction is dated before the one that precedes it, and nobody shortens a lot by setting the time.
//   - A bid that arrives late, as after an outage of the platform, counts for the lot it was written for or for none.
//   - Whoever calls waits for the ledger, never for another reader of the bus.
//
// # How
//
// While one batch is being made durable, further requests gather. The next batch decides all of them one after the
// other on a tentative copy of the state, with what has come due by the clock in between, and records all facts at once.
// When the record stands, the copy becomes the state and everybody is answered.
//
// # When recording fails
//
// The outcome is unknown then. The copy is dropped, everybody in the batch is told, and before anything else is decided
// the loop reads from the ledger what has really happened.
//
// # After an outage
//
// Replay rebuilds the state from the facts; nothing that was acknowledged is lost and nobody's time is shortened. A lot
// that is open and has less than Config.Grace left (30 s, or its whole duration if that is shorter) when Run begins, or
// whose end passed while the house was away, is extended to the grace time, as a lot.extended that does not use up the
// soft closes: nobody could bid, so the hammer would only serve who led by chance. A lot with more time left is left
// alone; a paused one stays paused.
package auctioneer
