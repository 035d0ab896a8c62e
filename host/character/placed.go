package character

import (
	"image"
	"math"
)

// Part is one picture a character is put together from, cropped to what is visible of it.
type Part struct {
	ID string

	// Picture decodes the picture anew, with Rect.Min at (0,0): a stage converts it once, and a character that is not on
	// stage takes no more memory than its files.
	Picture func() *image.NRGBA

	// OffsetX and OffsetY say where the image's top-left lies on the character's canvas when nothing moves.
	OffsetX, OffsetY float64

	// PivotX and PivotY are the point of the image, in its own pixels, that rotation and scale leave where it is.
	PivotX, PivotY float64
}

// Placed is a part at one instant, in pixels of the character's canvas (Pack.Width by Pack.Height, y down).
//
// A point p of the image lands on
//
//	(X+PivotX, Y+PivotY) + R(Rot)·S(ScaleX, ScaleY)·(p - (PivotX, PivotY))
//
// so with Rot 0 and both scales 1 the image's top-left is at (X, Y).
type Placed struct {
	Part           *Part
	X, Y           float64
	ScaleX, ScaleY float64
	Rot            float64 // degrees, clockwise on the screen
	Opacity        float64 // 0 to 1
}

// Matrix is the same placement as an affine map: x' = a·x + b·y + c, y' = d·x + e·y + f,
// from pixels of the image to pixels of the canvas.
func (p *Placed) Matrix() (a, b, c, d, e, f float64) {
	sin, cos := math.Sincos(p.Rot * math.Pi / 180)
	a, b = cos*p.ScaleX, -sin*p.ScaleY
	d, e = sin*p.ScaleX, cos*p.ScaleY
	px, py := p.Part.PivotX, p.Part.PivotY
	c = p.X + px - a*px - b*py
	f = p.Y + py - d*px - e*py
	return a, b, c, d, e, f
}
