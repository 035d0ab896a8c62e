package character

import "time"

// ManifestFile is the name of a character's description inside its folder.
const ManifestFile = "character.json"

// The words every character must know, so that a personality can be written without knowing who will play it.
var (
	RequiredExpressions = []string{"neutral", "happy", "excited", "surprised", "thinking", "smug", "sad"}
	RequiredGestures    = []string{"nod", "shake", "bounce", "wave", "gavel", "lean"}
	RequiredMoods       = []string{"calm", "playful", "excited", "tense", "triumphant", "dejected"}
)

// VisemeNames are the mouth shapes as character.json spells them, in the order of Viseme.
var VisemeNames = [...]string{"sil", "pp", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr", "aa", "ee", "ih", "oh", "ou"}

// Voice says how a character sounds.
type Voice struct {
	Engine string  // such as "flite"
	Name   string  // a voice of that engine
	Rate   float64 // 1 is the voice's own speed
	Pitch  float64 // 1 is the voice's own pitch
	Volume float64 // 1 is the voice's own loudness
}

// Manifest is character.json as it was written: names, not pictures.
type Manifest struct {
	ID, Name, Description, Licence string
	Width, Height                  int // the canvas
	Bleed                          int // pictures go on below the canvas by this, so that a jump shows no cut
	Voice                          Voice

	Nodes       []Node // back to front
	Expressions map[string]*Expression
	Visemes     [len(VisemeNames)]Mouth
	Gestures    map[string]*Gesture
	Moods       map[string]*Mood
	FirstMood   string // the one the show begins with
	Idle        Idle
}

// Node is something that moves: a picture, a slot that shows one picture of several, or a group of other nodes.
type Node struct {
	ID     string
	Parent string // moves with it; empty for the canvas
	Like   string // no motion of its own: drawn exactly as that node stands (the rim light behind it)
	Slot   bool   // shows one of the pictures named "<id>.<variant>"
	Group  bool   // has no picture
	Hidden bool   // shown only while an expression or a gesture shows it
	PivotX float64
	PivotY float64
	line   int
}

// Delta moves a node away from where it rests. Scales are added to 1.
type Delta struct{ DX, DY, Rot, SX, SY float64 }

// Expression is a face: what each slot shows, and a pose of the parts.
type Expression struct {
	Name               string
	Eyes, Brows, Mouth string // variants of the slots of these names
	Closed             string // mouth between words; the viseme sil's when empty
	Blinks             bool   // false where the eyes are closed anyway
	Show               []string
	Pose               map[string]Delta
	line               int
	eyes, brows, mouth int // resolved by link
	closed             int
	show               []int
	pose               []Delta // by node; nil when it has none
}

// Mouth is how a viseme looks.
type Mouth struct {
	Mouth string
	Open  float64 // 0 to 1: how far the jaw is down, for the motion of the head
	line  int
	mouth int
}

// Gesture is a short movement with a beginning and an end at rest.
type Gesture struct {
	Name   string
	Length time.Duration
	Tracks []Track
	Shows  []Appearance
	line   int
}

// Track is what a gesture does to one node.
type Track struct {
	Node string
	Keys []Key
	line int
	node int
}

// Key is where a node is at an instant of a gesture, and how it got there.
type Key struct {
	At time.Duration
	Delta
	Ease Ease
}

// Appearance shows a hidden node for a part of a gesture, perhaps in the place of another one.
type Appearance struct {
	Node     string
	Instead  string // of this one, which is not drawn meanwhile; may be empty
	From, To time.Duration
	line     int
	node     int
	instead  int // -1: none
}

// Mood is how a character is, under whatever it does.
type Mood struct {
	Name       string
	Expression string
	Energy     float64       // 0 to 1: how large its movements are
	Tempo      float64       // 1 is normal: how quick its idle movements are
	DecayTo    string        // the mood that follows; empty when it stays
	DecayAfter time.Duration // how long it lasts
	line       int
}

// Idle is what a character does when nothing is asked of it.
type Idle struct {
	Blink    Blink
	Gaze     Gaze
	Talk     Talk
	Waves    []Wave
	Twitches []Twitch
}

// Blink says how often the eyes close.
type Blink struct {
	Min, Max time.Duration // from one to the next
	Closed   time.Duration
	Double   float64 // share of blinks that come twice
	Eyes     string  // variant of the slot "eyes"
	line     int
	eyes     int
}

// Gaze lets the face drift a little, as if it looked around.
type Gaze struct {
	Node     string
	DX, DY   float64 // furthest
	Min, Max time.Duration
	line     int
	node     int
}

// Talk moves a node with the words.
type Talk struct {
	Node   string
	Delta                // at the most open mouth
	Swing  float64       // degrees to either side
	Period time.Duration // of the swing
	line   int
	node   int
}

// Wave is a movement without end: breath, sway, a tail.
type Wave struct {
	Node   string
	Period time.Duration
	Phase  float64 // 0 to 1
	Delta          // furthest to one side
	line   int
	node   int
}

// Twitch is a movement now and then: an ear.
type Twitch struct {
	Node     string
	Length   time.Duration
	Min, Max time.Duration // from one to the next
	Delta
	line int
	node int
}
