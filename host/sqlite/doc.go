// Package sqlite is the ledger in one file: SQLite with write-ahead log and synchronous=FULL.
//
// # Promises
//
//   - Append returns after the batch has reached the disk; a power cut after it loses nothing, one during it leaves
//     either the whole batch or none of it.
//   - Seq has no gaps. One process writes: a lock file beside the database keeps a second one out, with an error that
//     names the first, and goes away with the process however it dies.
//   - The read models (Lots, Lot, Bids) are written in the transaction of the facts they come from, so that a page never
//     shows what the ledger does not hold, nor less.
//   - Readers do not wait for the writer, nor the writer for them.
//   - The file is its owner's alone when it is made: among the settings are secrets of the house.
//
// Amounts are kept as 32 big-endian bytes, so that they compare and sort as the numbers they are.
package sqlite
