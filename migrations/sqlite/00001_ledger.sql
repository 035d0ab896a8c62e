-- +goose Up

-- The ledger: every fact of the show, in the one order. seq has no gaps; the program assigns it.
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY,
    kind   TEXT    NOT NULL,
    at     INTEGER NOT NULL,          -- nanoseconds since 1970, UTC
    cause  INTEGER NOT NULL,          -- 0 at the edge
    root   INTEGER NOT NULL,          -- seq of the first fact of the chain
    origin TEXT UNIQUE,               -- identity outside the show; null when it has none
    data   BLOB    NOT NULL           -- the fact as JSON
) STRICT;

-- Chains are looked up by their root. A fact that is its own root is found by seq, so most rows stay out of this index.
CREATE INDEX events_by_root ON events (root) WHERE root <> seq;

-- Read models, written in the transaction of the facts they come from. Amounts: 32 bytes, big-endian, wei.
CREATE TABLE lots (
    id            TEXT PRIMARY KEY,
    session       TEXT    NOT NULL,
    terms         BLOB    NOT NULL,   -- auction.Terms as JSON
    state         TEXT    NOT NULL,   -- open, paused, sold, unsold
    opened_seq    INTEGER NOT NULL,
    opened_at     INTEGER NOT NULL,
    closes_at     INTEGER NOT NULL,
    closed_at     INTEGER,
    price         BLOB    NOT NULL,   -- leading bid; nothing when there is none
    minimum       BLOB    NOT NULL,   -- the least the next bid must offer
    leader        TEXT    NOT NULL,
    leader_handle TEXT    NOT NULL,
    accepted      INTEGER NOT NULL,
    refused       INTEGER NOT NULL,
    extensions    INTEGER NOT NULL,
    reserve_met   INTEGER NOT NULL,
    reason        TEXT    NOT NULL
) STRICT;

CREATE TABLE bids (
    lot      TEXT    NOT NULL,        -- empty when nothing was on the block
    seq      INTEGER NOT NULL,        -- of the bid.accepted or bid.refused
    bidder   TEXT    NOT NULL,
    handle   TEXT    NOT NULL,
    amount   BLOB    NOT NULL,
    accepted INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    hint     TEXT    NOT NULL,
    post_id  TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (lot, seq)            -- the one order in which they are read
) STRICT, WITHOUT ROWID;

-- What plugins keep, and what the operator set.
CREATE TABLE plugin_state (
    plugin TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  BLOB NOT NULL,
    PRIMARY KEY (plugin, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE settings;
DROP TABLE plugin_state;
DROP TABLE bids;
DROP TABLE lots;
DROP TABLE events;
