// Package art renders the drawings of a character, with librsvg's rsvg-convert, into the form that host/character loads:
// character.json, parts.json, parts/*.png. Only what changed is rendered again, and the same drawings give the same bytes.
package art

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/sothebais/sothebais/host/character"
)

// Renderer is the program that renders SVG, as Debian calls it.
const Renderer = "rsvg-convert"

// ErrNoRenderer says that the program that renders SVG is not there.
var ErrNoRenderer = errors.New("is not installed: apt-get install librsvg2-bin")

// workers is how many drawings are rendered at once; rsvg-convert uses one core each.
const workers = 2

// format is mixed into what a drawing is known by; raise it when the same drawing must give another picture.
const format = "1"

// builder renders one character.
type builder struct {
	bin      string
	src, dst string
	manifest *character.Manifest
	version  string
}

// Build renders the character of folder src (character.json and art/*.svg) into folder dst with the program bin. It says
// how many drawings were rendered and how many pictures could stay.
func Build(ctx context.Context, bin, src, dst string) (drawn, kept int, err error) {
	b := &builder{bin: bin, src: src, dst: dst}
	return b.build(ctx)
}

func (b *builder) build(ctx context.Context) (drawn, kept int, err error) {
	data, err := os.ReadFile(filepath.Join(b.src, character.ManifestFile))
	if err != nil {
		return 0, 0, fmt.Errorf("%w (a character's folder has a %s and a folder art)", err, character.ManifestFile)
	}
	if b.manifest, err = character.ReadManifest(data); err != nil {
		return 0, 0, err
	}
	drawings, err := filepath.Glob(filepath.Join(b.src, "art", "*.svg"))
	if err != nil || len(drawings) == 0 {
		return 0, 0, fmt.Errorf("%s has no *.svg", filepath.Join(b.src, "art"))
	}
	if b.version, err = rendererVersion(ctx, b.bin); err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(filepath.Join(b.dst, "parts"), 0o755); err != nil {
		return 0, 0, err
	}
	entries, drawn, err := b.drawAll(ctx, drawings, b.before())
	if err != nil {
		return 0, 0, err
	}
	if err := b.write(data, entries); err != nil {
		return 0, 0, err
	}
	// what was written is what the show will read: let it be judged here, not on air
	if _, err := character.Load(os.DirFS(b.dst)); err != nil {
		return 0, 0, err
	}
	return drawn, len(entries) - drawn, nil
}

func rendererVersion(ctx context.Context, bin string) (string, error) {
	out, err := exec.CommandContext(ctx, bin, "--version").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s %w", bin, ErrNoRenderer)
	}
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", bin, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// before is what an earlier run rendered, by name; nothing when there was none or it cannot be read.
func (b *builder) before() map[string]character.PartEntry {
	old := map[string]character.PartEntry{}
	data, err := os.ReadFile(filepath.Join(b.dst, character.PartsFile))
	if err != nil {
		return old
	}
	list, err := character.ReadPartList(data, b.manifest)
	if err != nil {
		return old
	}
	for _, e := range list.Parts {
		old[e.ID] = e
	}
	return old
}

func (b *builder) drawAll(ctx context.Context, drawings []string, old map[string]character.PartEntry) ([]character.PartEntry, int, error) {
	entries, drawn, errs := make([]character.PartEntry, len(drawings)), make([]bool, len(drawings)), make([]error, len(drawings))
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				entries[i], drawn[i], errs[i] = b.draw(ctx, drawings[i], old)
			}
		})
	}
	for i := range drawings {
		next <- i
	}
	close(next)
	wg.Wait()
	n := 0
	for _, d := range drawn {
		if d {
			n++
		}
	}
	return entries, n, errors.Join(errs...)
}

// draw renders one drawing, unless its picture is there already.
func (b *builder) draw(ctx context.Context, file string, old map[string]character.PartEntry) (character.PartEntry, bool, error) {
	svg, err := os.ReadFile(file)
	if err != nil {
		return character.PartEntry{}, false, err
	}
	id := strings.TrimSuffix(filepath.Base(file), ".svg")
	e := character.PartEntry{ID: id, File: "parts/" + id + ".png", Source: b.known(svg)}
	if was, ok := old[id]; ok && was.Source == e.Source {
		if _, err := os.Stat(filepath.Join(b.dst, was.File)); err == nil {
			return was, false, nil
		}
	}
	img, err := b.render(ctx, svg)
	if err != nil {
		return e, false, fmt.Errorf("%s: %w", file, err)
	}
	box := visible(img)
	if box.Empty() {
		return e, false, fmt.Errorf("%s: nothing is visible in it (it is %d by %d)", file, b.manifest.Width, b.height())
	}
	e.X, e.Y, e.W, e.H = box.Min.X, box.Min.Y, box.Dx(), box.Dy()
	return e, true, writePNG(filepath.Join(b.dst, e.File), img, box)
}

// known is what a picture depends on: the drawing, the canvas, the renderer and the way we write pictures.
func (b *builder) known(svg []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d %d\n", format, b.version, b.manifest.Width, b.height())
	h.Write(svg)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// height is that of a drawing: the canvas and what bleeds over its lower edge.
func (b *builder) height() int { return b.manifest.Height + b.manifest.Bleed }

func (b *builder) render(ctx context.Context, svg []byte) (*image.NRGBA, error) {
	if err := b.checkCanvas(svg); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.bin, "--width", strconv.Itoa(b.manifest.Width), "--height", strconv.Itoa(b.height()))
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(svg), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("reading what %s drew: %w", b.bin, err)
	}
	n := image.NewNRGBA(image.Rect(0, 0, b.manifest.Width, b.height()))
	draw.Draw(n, n.Rect, img, img.Bounds().Min, draw.Src)
	return n, nil
}

// checkCanvas refuses a drawing on another canvas: it would be stretched and land beside its place.
func (b *builder) checkCanvas(svg []byte) error {
	want := fmt.Sprintf(`viewBox="0 0 %d %d"`, b.manifest.Width, b.height())
	if !bytes.Contains(svg, []byte(want)) {
		return fmt.Errorf("is not drawn on the character's canvas: its <svg> needs %s", want)
	}
	return nil
}

// visible is the smallest box around everything that is not fully transparent.
func visible(img *image.NRGBA) image.Rectangle {
	var box image.Rectangle
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		row := img.Pix[img.PixOffset(img.Rect.Min.X, y):img.PixOffset(img.Rect.Max.X, y)]
		lo, hi := -1, -1
		for x := 0; x < len(row)/4; x++ {
			if row[4*x+3] != 0 {
				if lo < 0 {
					lo = x
				}
				hi = x
			}
		}
		if lo >= 0 {
			box = box.Union(image.Rect(lo, y, hi+1, y+1))
		}
	}
	return box
}

func writePNG(file string, img *image.NRGBA, box image.Rectangle) error {
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&buf, opaqueKept{img.SubImage(box).(*image.NRGBA)}); err != nil {
		return err
	}
	return os.WriteFile(file, buf.Bytes(), 0o644)
}

// opaqueKept makes the encoder write transparency even where a picture happens to have none, so that all parts read
// back as the same kind of picture.
type opaqueKept struct{ *image.NRGBA }

func (opaqueKept) Opaque() bool { return false }

// write puts the description and the list beside the pictures and removes pictures of drawings that are gone.
func (b *builder) write(manifest []byte, entries []character.PartEntry) error {
	list, err := json.MarshalIndent(character.PartList{Parts: entries}, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dst, character.ManifestFile), manifest, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dst, character.PartsFile), append(list, '\n'), 0o644); err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, e := range entries {
		listed[filepath.Base(e.File)] = true
	}
	pictures, err := os.ReadDir(filepath.Join(b.dst, "parts"))
	if err != nil {
		return err
	}
	for _, p := range pictures {
		if strings.HasSuffix(p.Name(), ".png") && !listed[p.Name()] {
			if err := os.Remove(filepath.Join(b.dst, "parts", p.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
