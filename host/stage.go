package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/director"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/speech"
	"github.com/sothebais/sothebais/host/telemetry"
)

// buildStage makes what the audience sees and hears, and the director in front of it.
func (h *Host) buildStage(ctx context.Context) error {
	h.catalogue = catalogueOf(h.cfg.Assets, h.cfg.DataDir)
	h.library = newLibrary(h.cfg)
	scenes, err := scene.LoadDir(sub(h.cfg.Assets, "scenes"))
	if err != nil {
		return ofKind(ErrBadInput, err)
	}
	h.scenes.Store(&scenes)
	cast, err := loadCharacters(sub(h.cfg.Assets, "characters"))
	if err != nil {
		return ofKind(ErrBadInput, err)
	}
	h.cast = map[string]origin{}
	for id := range cast {
		h.cast[id] = theProgrammes
	}
	who := h.openingCharacter(ctx)
	if h.library.own(who) != "" {
		who = "" // it comes on with its plugin
	}
	if cast[who] == nil {
		who = ""
	}
	s := h.cfg.Stream
	h.stage, err = compositor.New(compositor.Config{
		Width: s.Width, Height: s.Height, FPS: s.FPS, Scenes: scenes, Start: "opening", Characters: cast, Character: who,
		Art: sub(h.cfg.Assets, "scenes"), Artwork: h.artworks(), Sink: sink{h.encoder}, Seed: uint64(h.cfg.Seed),
		Shown: h.scribe.shown, Spoke: h.spoke, Logger: h.part("stage"), Metrics: h.regs[roleStream],
	})
	if err != nil {
		return ofKind(ErrBadInput, err)
	}
	h.voice = newVoiceBox(speech.Config{Voices: voices(cast), CacheDir: h.cfg.cacheDir("voice"),
		Logger: h.part("voice"), Metrics: h.regs[roleAgent]}, h.cfg.Assets)
	h.director = director.New(director.Config{Stage: h.stage, Voice: h.voice, Facts: h.bus, Character: who, Logger: h.part("director"), Metrics: h.regs[roleAgent]})
	h.well.add(roleAgent, "voice", h.voice.Check)
	h.openingScenes()
	return nil
}

// openingScenes adds the scenes that are not the program's. That one of them is broken must not keep the show off air:
// what can be read is used.
func (h *Host) openingScenes() {
	scenes, own, err := h.library.loadScenes()
	if err != nil {
		h.refuseScenes(err, 0)
	}
	if len(own) > 0 {
		if err := h.setScenes(scenes, own, 0); err != nil {
			h.refuseScenes(err, 0)
		}
	}
}

// reloadScenes reads all scenes again, because of the fact numbered cause. One that is broken changes nothing.
func (h *Host) reloadScenes(cause uint64) (show.ScenesLoaded, error) {
	h.reloading.Lock()
	defer h.reloading.Unlock()
	scenes, own, err := h.library.loadScenes()
	if err == nil {
		err = h.setScenes(scenes, own, cause)
	}
	if err != nil {
		h.refuseScenes(err, cause)
		return show.ScenesLoaded{}, ofKind(ErrBadInput, err)
	}
	return loaded(scenes, own), nil
}

func (h *Host) setScenes(scenes []*scene.Scene, own []string, cause uint64) error {
	if err := h.stage.SetScenes(scenes, h.library.art()); err != nil {
		return err
	}
	h.scenes.Store(&scenes)
	h.scribe.note(loaded(scenes, own), cause, now())
	return nil
}

func loaded(scenes []*scene.Scene, own []string) show.ScenesLoaded {
	fact := show.ScenesLoaded{Own: append([]string{}, own...)}
	for _, s := range scenes {
		fact.Scenes = append(fact.Scenes, s.ID)
	}
	return fact
}

func (h *Host) refuseScenes(err error, cause uint64) {
	h.part("stage").Error("scenes cannot be used; those on stage stay", telemetry.KeyErr, err)
	h.scribe.note(show.ScenesRefused{Reason: err.Error()}, cause, now())
}

// bringCharacter makes a character known to stage and voice, read anew if it is not the program's. A refusal is a fact,
// caused by the one numbered cause, and leaves who is on stage alone.
func (h *Host) bringCharacter(ctx context.Context, id string, cause uint64) error {
	h.reloading.Lock()
	defer h.reloading.Unlock()
	own := h.library.own(id) != ""
	if id == "" || !own && h.cast[id] == theProgrammes {
		return nil
	}
	p, err := h.library.character(ctx, id)
	if err == nil {
		err = h.voice.set(id, voiceOf(p))
	}
	if err != nil {
		h.part("cast").Error("a character cannot be shown; who is on stage stays", telemetry.KeyCharacter, id, telemetry.KeyErr, err)
		h.scribe.note(show.CharacterRefused{Character: id, Reason: Explain(err)}, cause, now())
		return err
	}
	h.stage.AddCharacter(p)
	h.cast[id] = theProgrammes
	if own {
		h.cast[id] = somebodys
	}
	return nil
}

// origin is whose a character is that the stage knows.
type origin int

const (
	theProgrammes origin = iota + 1
	somebodys
)

// sub is a folder of a tree; one that is missing is found out by whoever reads it.
func sub(tree fs.FS, dir string) fs.FS {
	s, err := fs.Sub(tree, dir)
	if err != nil {
		panic(err) // dir is a constant of ours, or came from a listing of the tree
	}
	return s
}

func loadCharacters(dir fs.FS) (map[string]*character.Pack, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fmt.Errorf("characters: %w", err)
	}
	cast := map[string]*character.Pack{}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		p, err := character.Load(sub(dir, e.Name()))
		if err != nil {
			errs = append(errs, fmt.Errorf("character %s: %w", e.Name(), err))
			continue
		}
		cast[p.ID] = p
	}
	return cast, errors.Join(errs...)
}

// voices are the characters' voices, each under the id of who speaks with it.
func voices(cast map[string]*character.Pack) map[string]speech.Voice {
	out := map[string]speech.Voice{}
	for id, p := range cast {
		out[id] = voiceOf(p)
	}
	return out
}

// spoke hears from the stage that a line began or ended.
func (h *Host) spoke(s compositor.SpeechState) {
	if s.Speaking {
		h.scribe.note(show.SpeechStarted{From: s.Cue.From, Text: s.Text, Millis: s.Duration.Milliseconds(), Frame: s.Frame}, s.Seq, s.At)
		return
	}
	h.director.SpeechEnded(s.Seq)
	h.scribe.note(show.SpeechEnded{Text: s.Text, Cut: s.Cut}, s.Seq, s.At)
}

// runCast puts the character of each new personality on stage.
func (h *Host) runCast(ctx context.Context, after uint64) error {
	on := h.stage.Stats().Character
	return follow(ctx, h.bus.Subscribe(after, show.KindPluginLoaded, show.KindPluginSwapped), func(e event.Event) {
		if d, swapped := e.Data.(show.PluginSwapped); swapped && d.Slot == slotPersonality && d.From != d.To {
			h.director.Forget(d.From)
		}
		id := h.personality().Character
		_, anew := e.Data.(show.PluginLoaded)
		if anew = anew && h.library.own(id) != ""; id == "" || id == on && !anew {
			return
		}
		if err := h.stage.SetCharacter(id); err != nil {
			h.part("cast").Error("the personality's character cannot be shown; the one before stays", telemetry.KeyCharacter, id, telemetry.KeyErr, err)
			return
		}
		h.director.SetCharacter(id)
		on = id
		h.scribe.note(show.CharacterShown{Character: id}, e.Seq, now())
	})
}
