package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// PluginGet returns what a plugin kept under key, and whether there is anything.
func (db *DB) PluginGet(ctx context.Context, plugin, key string) ([]byte, bool, error) {
	return db.get(ctx, `SELECT value FROM plugin_state WHERE plugin = ? AND key = ?`, plugin, key)
}

// PluginPut keeps value for a plugin under key; a nil value removes it.
func (db *DB) PluginPut(ctx context.Context, plugin, key string, value []byte) error {
	if value == nil {
		return db.put(ctx, `DELETE FROM plugin_state WHERE plugin = ? AND key = ?`, plugin, key)
	}
	return db.put(ctx, `INSERT INTO plugin_state (plugin, key, value) VALUES (?, ?, ?)
		ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value`, plugin, key, value)
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
