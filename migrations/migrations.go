// Package migrations embeds the schema of the ledger, one folder per database.
//
// A file that has been released is never edited: a change is a new file with the next number.
package migrations

import "embed"

// SQLite holds sqlite/*.sql, in goose's form.
//
//go:embed sqlite/*.sql
var SQLite embed.FS
