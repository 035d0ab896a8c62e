package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/sothebais/sothebais/host"
)

type recordCmd struct {
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the show; it need not be running."`
	Since   uint64 `placeholder:"SEQ" help:"Begin behind this number of the ledger."`
	Until   uint64 `placeholder:"SEQ" help:"End with this number; without it, with the newest."`
	JSON    bool   `help:"Print what was recorded as JSON."`
	File    string `arg:"" help:"File to write, such as friday.sbrec."`
}

// Run writes a recording.
func (c *recordCmd) Run(ctx context.Context, t *talk) error {
	if err := checkStretch(c.Since, c.Until); err != nil {
		return err
	}
	l, err := host.OpenLedger(ctx, c.DataDir)
	if err != nil {
		return err
	}
	defer l.Close()
	rec, err := l.Record(ctx, version, c.Since, c.Until)
	if err != nil {
		return err
	}
	if rec.To == 0 {
		return nothingBehind(c.DataDir, c.Since)
	}
	if err := filedRecording.replace(c.File, func(w io.Writer) error { _, err := rec.WriteTo(w); return err }); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(rec.Head)
	}
	_, err = fmt.Fprintf(t.out, "%s: events %d to %d, %d times a plugin on air\n", c.File, rec.From, rec.To, len(rec.Takes))
	return err
}

func nothingBehind(dataDir string, seq uint64) error {
	return &host.Error{Kind: host.ErrBadInput, Err: fmt.Errorf("the ledger in %s holds no event behind %d", dataDir, seq)}
}

// checkStretch fails when there can be nothing between two numbers of the ledger.
func checkStretch(since, until uint64) error {
	if until != 0 && until <= since {
		return badFlag("--until", fmt.Sprint(until), fmt.Sprintf("it ends before it begins, behind %d; want a greater number", since))
	}
	return nil
}
