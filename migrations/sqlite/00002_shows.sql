-- +goose Up

-- What stretches of the ledger there are, and who was on air: found without reading all of it.
CREATE INDEX events_of_shows ON events (seq) WHERE kind IN ('show.started', 'show.stopped', 'session.opened', 'plugin.loaded');

-- +goose Down
DROP INDEX events_of_shows;
