// Package auction holds the rules of an auction: pure values, no clock, no I/O.
package auction
