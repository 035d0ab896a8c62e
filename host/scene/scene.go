// Package scene holds what a scene is, how its file is read, and which scene, which words and which layers are on
// program at a moment.
//
// It is a value with no clock, no file system of its own and no pixels: Load reads a *.scene.json from an fs.FS and
// names every mistake at once, a Graph changes only by Apply (a cue) and Tick (time), and the compositor reads it.
package scene

import (
	"image"
	"image/color"
	"time"
)

// Kind says what a layer draws.
type Kind string

// The kinds of layers.
const (
	Rect      Kind = "rect"      // a filled box
	Image     Kind = "image"     // a picture of the scene's art
	Text      Kind = "text"      // words, fixed or of a slot
	Character Kind = "character" // whoever is on stage
	Artwork   Kind = "artwork"   // the picture of the lot, named by a slot
	Bar       Kind = "bar"       // a box filled from the left by a slot's value
)

// Scene is one arrangement of the stage. It is never changed after Load.
type Scene struct {
	File       string // it was read from
	ID         string
	Name       string
	Width      int
	Height     int
	Background Background
	Layers     []*Layer // back to front
	Transition Transition
}

// Background is what lies behind all layers.
type Background struct {
	Color    color.NRGBA
	Gradient *Gradient
	Image    string
}

// Layer is one thing in a scene.
type Layer struct {
	Line   int // of the file, where its description begins
	ID     string
	Kind   Kind
	Box    image.Rectangle
	Z      int
	Slot   string // the name by which cues address it; empty for what never changes
	Text   string // fixed words, or what a text slot shows while it is empty
	Image  string // file of an image layer, or what an artwork layer shows while its slot is empty
	When   string // the layer is visible only while this slot holds words
	Hidden bool   // at first; a show cue changes it
	Style  Style
	Enter  Enter
	Drift  Drift
}

// Style is how a layer looks. Fields that do not concern a kind are zero.
type Style struct {
	Font     string // name of a font the compositor ships, such as "serif"
	Size     float64
	Color    color.NRGBA
	Align    Align
	VAlign   Align
	Fit      Fit
	Lines    int  // at most so many, with FitWrap
	Tabular  bool // digits of one width, for numbers that change
	Upper    bool // shown in capitals
	Tracking float64
	Fill     color.NRGBA
	Gradient *Gradient
	Radius   float64
	Outline  *Outline
	Shadow   *Shadow
	Opacity  float64
}

// Align places words in their box.
type Align string

// The alignments: the first three across, then those downwards.
const (
	Left   Align = "left"
	Center Align = "center"
	Right  Align = "right"
	Top    Align = "top"
	Middle Align = "middle"
	Bottom Align = "bottom"
)

// Fit says what becomes of words or a picture that do not fit their box.
type Fit string

// The ways to fit.
const (
	FitEllipsis Fit = "ellipsis" // words: cut, with a sign
	FitShrink   Fit = "shrink"   // words: smaller down to a half, then cut
	FitWrap     Fit = "wrap"     // words: up to Lines lines, then smaller, then cut
	FitCover    Fit = "cover"    // picture: fills the box, what is over is cut
	FitContain  Fit = "contain"  // picture: wholly visible
	FitStretch  Fit = "stretch"  // picture: to the box
)

// Gradient runs from one colour to another; at angle 0 from left to right, at 90 downwards.
type Gradient struct {
	From, To color.NRGBA
	Angle    float64
}

// Outline is a line around a shape or around letters.
type Outline struct {
	Color color.NRGBA
	Width float64
}

// Shadow lies under a shape or under letters.
type Shadow struct {
	Color  color.NRGBA
	DX, DY int
	Blur   float64
}

// Enter is how a layer comes in when its scene is taken or it is shown; it leaves the same way back.
type Enter struct {
	Kind     EnterKind
	Duration time.Duration
	Delay    time.Duration
	DX, DY   int // where a sliding layer comes from, relative to its place
}

// EnterKind names an entrance.
type EnterKind string

// The entrances.
const (
	EnterNone  EnterKind = ""
	EnterFade  EnterKind = "fade"
	EnterSlide EnterKind = "slide" // fades too
)

// Drift is a slow, endless sway about the layer's place.
type Drift struct {
	DX, DY int
	Period time.Duration
	Phase  float64 // 0-1
}

// Transition is how one scene gives way to the next.
type Transition struct {
	Kind     TransitionKind
	Duration time.Duration
}

// TransitionKind names a transition.
type TransitionKind string

// The transitions.
const (
	Cut   TransitionKind = "cut"
	Fade  TransitionKind = "fade"
	Slide TransitionKind = "slide" // the new scene pushes the old one out to the left
	Zoom  TransitionKind = "zoom"  // the new scene settles from slightly larger while it fades in
)
