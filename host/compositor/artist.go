package compositor

import (
	"context"
	"image"
	"slices"
	"sync"

	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/telemetry"
)

// artist decodes pictures of lots beside the frame loop, one after another.
type artist struct {
	mu   sync.Mutex
	list []command // cues that wait for their pictures
	wake chan struct{}
}

func (a *artist) ask(c command) {
	a.mu.Lock()
	a.list = append(a.list, c)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *artist) take() []command {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.list
	a.list = nil
	return out
}

// slotNodes are the layers of a kind that a slot fills.
func (set *sceneSet) slotNodes(slot string, k scene.Kind) []*node {
	var out []*node
	for _, v := range set.views {
		for _, n := range v.nodes {
			if n.layer.Kind == k && n.layer.Slot == slot {
				out = append(out, n)
			}
		}
	}
	return out
}

// layOut sets a text for every layer that shows the slot.
func (set *sceneSet) layOut(t *typesetter, slot, text string) []textSet {
	var out []textSet
	for _, n := range set.slotNodes(slot, scene.Text) {
		words := text
		if words == "" {
			words = n.layer.Text
		}
		out = append(out, textSet{n, t.set(n.layer, words)})
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
	for i, cmd := range list {
		c := &cmd.cue
		var pic image.Image
		wanted := !slices.ContainsFunc(list[i+1:], func(o command) bool { return o.cue.Name == c.Name })
		if wanted {
			pic = s.artwork(c.Text, cmd.seq)
		}
		s.prep.RLock()
		cmd.texts = s.ready.layOut(s.text, c.Name, c.Text)
		if wanted {
			cmd.arts = s.ready.fitArt(c.Name, pic)
		}
		s.queue.put(cmd)
		s.prep.RUnlock()
	}
}

// artwork reads the picture of a lot; nil if none is named or it cannot be used.
func (s *Stage) artwork(name string, seq uint64) image.Image {
	if name == "" {
		return nil
	}
	pic, err := decode(s.cfg.Artwork, name)
	if err != nil {
		s.log.Warn("an artwork cannot be shown", telemetry.KeySeq, seq, telemetry.KeyErr, err)
		return nil
	}
	return pic
}

// fitArt draws a picture for each layer that the slot fills. Without one, a layer shows what it does while its slot is
// empty: never the lot before.
func (set *sceneSet) fitArt(slot string, pic image.Image) []artSet {
	var out []artSet
	for _, n := range set.slotNodes(slot, scene.Artwork) {
		art := n.plain
		if pic != nil {
			art = fitPicture(pic, n.layer)
			art.settle(n.layer)
		}
		out = append(out, artSet{n, art})
	}
	return out
}
