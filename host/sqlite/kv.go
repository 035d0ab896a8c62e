package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	putPlugin = `INSERT INTO plugin_state (plugin, key, value) VALUES (?, ?, ?)
		ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value`
	dropPlugin = `DELETE FROM plugin_state WHERE plugin = ? AND key = ?`
)

// PluginGet returns what a plugin kept under key, and whether there is anything.
func (db *DB) PluginGet(ctx context.Context, plugin, key string) ([]byte, bool, error) {
	return db.get(ctx, `SELECT value FROM plugin_state WHERE plugin = ? AND key = ?`, plugin, key)
}

// PluginPut keeps value for a plugin under key; a nil value removes it.
func (db *DB) PluginPut(ctx context.Context, plugin, key string, value []byte) error {
	if value == nil {
		return db.put(ctx, dropPlugin, plugin, key)
	}
	return db.put(ctx, putPlugin, plugin, key, value)
}

// PluginAll returns all that a plugin kept.
func (db *DB) PluginAll(ctx context.Context, plugin string) (map[string][]byte, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT key, value FROM plugin_state WHERE plugin = ?`, plugin)
	if err != nil {
		return nil, fmt.Errorf("read what plugin %s kept: %w", plugin, err)
	}
	defer rows.Close()
	out := map[string][]byte{}
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return nil, fmt.Errorf("read what plugin %s kept: %w", plugin, err)
		}
		out[key] = value
	}
	return out, rows.Err()
}

// PluginPutAll keeps values for a plugin by key, all of them or none; a nil value removes its key.
func (db *DB) PluginPutAll(ctx context.Context, plugin string, values map[string][]byte) error {
	err := db.inTx(ctx, func(ctx context.Context) error {
		for key, value := range values {
			query, args := putPlugin, []any{plugin, key, value}
			if value == nil {
				query, args = dropPlugin, args[:2]
			}
			if _, err := db.conn.ExecContext(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %d values of plugin %s: %w", len(values), plugin, err)
	}
	return nil
}

// SettingGet returns what the operator set under key, and whether there is anything.
func (db *DB) SettingGet(ctx context.Context, key string) ([]byte, bool, error) {
	return db.get(ctx, `SELECT value FROM settings WHERE key = ?`, key)
}

// SettingPut keeps value under key; a nil value removes it.
func (db *DB) SettingPut(ctx context.Context, key string, value []byte) error {
	if value == nil {
		return db.put(ctx, `DELETE FROM settings WHERE key = ?`, key)
	}
	return db.put(ctx, `INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

func (db *DB) get(ctx context.Context, query string, args ...any) ([]byte, bool, error) {
	var v []byte
	err := db.reads.QueryRowContext(ctx, query, args...).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read %v: %w", args, err)
	}
	return v, true, nil
}

func (db *DB) put(ctx context.Context, query string, args ...any) error {
	err := db.inTx(ctx, func(ctx context.Context) error {
		_, err := db.conn.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a value: %w", err)
	}
	return nil
}
