package compositor

import (
	"context"
	"image"
	"slices"
	"sync"

	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/telemetry"
)

// artRequest is a cue that waits for its picture.
type artRequest struct {
	cmd   command
	nodes []*node
}

// artist decodes pictures of lots beside the frame loop, one after another.
type artist struct {
	mu   sync.Mutex
	list []artRequest
	wake chan struct{}
}

func (a *artist) ask(r artRequest) {
	a.mu.Lock()
	a.list = append(a.list, r)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *artist) take() []artRequest {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.list
	a.list = nil
	return out
}

// artNodes are the artwork layers that a slot fills.
func (s *Stage) artNodes(slot string) []*node {
	return s.slotNodes(slot, scene.Artwork)
}

func (s *Stage) slotNodes(slot string, k scene.Kind) []*node {
	var out []*node
	for _, sc := range s.cfg.Scenes {
		for _, n := range s.views[sc.ID].nodes {
			if n.layer.Kind == k && n.layer.Slot == slot {
				out = append(out, n)
			}
		}
	}
	return out
}

// layOut sets a text for every layer that shows the slot.
func (s *Stage) layOut(slot, text string) []textSet {
	var out []textSet
	for _, n := range s.slotNodes(slot, scene.Text) {
		words := text
		if words == "" {
			words = n.layer.Text
		}
		out = append(out, textSet{n, s.text.set(n.layer, words)})
	}
	return out
}

// loadArt serves requests until the context ends.
func (s *Stage) loadArt(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.art.wake:
			s.drawArt()
		}
	}
}

// drawArt makes the pictures that were asked for, in order; one that the next cue for its slot replaces is not drawn.
func (s *Stage) drawArt() {
	list := s.art.take()
	for i, r := range list {
		c := &r.cmd.cue
		r.cmd.texts = s.layOut(c.Name, c.Text)
		if !slices.ContainsFunc(list[i+1:], func(o artRequest) bool { return o.cmd.cue.Name == c.Name }) {
			r.cmd.arts = s.drawFor(r)
		}
		s.queue.put(r.cmd)
	}
}

// drawFor draws the picture that a cue names for each layer of its slot. Where none is named, or it cannot be used, a
// layer shows what it does while its slot is empty: never the lot before.
func (s *Stage) drawFor(r artRequest) []artSet {
	var pic image.Image
	if name := r.cmd.cue.Text; name != "" {
		var err error
		if pic, err = decode(s.cfg.Artwork, name); err != nil {
			s.log.Warn("an artwork cannot be shown", telemetry.KeySeq, r.cmd.seq, telemetry.KeyErr, err)
		}
	}
	var out []artSet
	for _, n := range r.nodes {
		art := n.plain
		if pic != nil {
			art = fitPicture(pic, n.layer)
			art.settle(n.layer)
		}
		out = append(out, artSet{n, art})
	}
	return out
}
