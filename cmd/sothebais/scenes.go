package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sothebais/sothebais/host"
)

type scenesCmd struct {
	Reload scenesReloadCmd `cmd:"" help:"Have a running show read its scenes again, from the data directory and its show file. A broken one changes nothing."`
}

type scenesReloadCmd struct{ remoteFlags }

// Run has the scenes read again and lists them.
func (c *scenesReloadCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	res, err := r.ReloadScenes(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(res)
	}
	for _, id := range res.Scenes {
		own := ""
		if slices.Contains(res.Own, id) {
			own = "  (own)"
		}
		if _, err := fmt.Fprintf(t.out, "%s%s\n", id, own); err != nil {
			return err
		}
	}
	return nil
}
