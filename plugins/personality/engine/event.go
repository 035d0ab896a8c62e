package engine

// Names of the events a trigger may listen to. Silence is the engine's own: it is raised by a tick of the clock
// when nobody has spoken for as long as the file's silence says.
const (
	PostReceived  = "post.received"
	BidAccepted   = "bid.accepted"
	BidRefused    = "bid.refused"
	LotOpened     = "lot.opened"
	LotExtended   = "lot.extended"
	LotClosing    = "lot.closing"
	LotPaused     = "lot.paused"
	LotResumed    = "lot.resumed"
	LotSold       = "lot.sold"
	LotUnsold     = "lot.unsold"
	SessionOpened = "session.opened"
	SessionClosed = "session.closed"
	ClockTicked   = "clock.ticked"
	SpeechStarted = "speech.started"
	SpeechEnded   = "speech.ended"
	SceneShown    = "scene.shown"
	OperatorActed = "operator.acted"
	Silence       = "silence"
)

// kinds are all names a trigger may listen to.
var kinds = []string{PostReceived, BidAccepted, BidRefused, LotOpened, LotExtended, LotClosing, LotPaused, LotResumed, LotSold, LotUnsold,
	SessionOpened, SessionClosed, ClockTicked, SpeechStarted, SpeechEnded, SceneShown, OperatorActed, Silence}

// Event is one fact of the show, as far as a personality may know it. Fields that a kind does not have stay zero.
type Event struct {
	Kind string
	Seq  uint64
	At   int64 // unix milliseconds

	Handle string // who wrote, bid or won; without @
	Rival  string // who led before, or came second
	PostID string
	Text   string // of a post; read by conditions, never spoken
	Intent string
	Reason string

	Lot, Title, Artist, Name string
	Amount, Minimum          Money // of a bid; Amount is the price of lot.sold and the highest bid of lot.unsold
	Previous, Start, Reserve Money
	Total                    Money

	Number, Count, Seconds int64 // Count: bids, or extensions, or lots; Seconds: left
	SilentMS, Busy, Millis int64
	Sold, Unsold           int64
	ReserveMet, Last, Cut  bool

	past past
}

// past is what was so when an event came, for lines and conditions that speak of it later. The engine notes it.
type past struct {
	person                   regular // who the event is about, before it
	length                   int64   // of the post, in characters
	comeback, reserveJustMet bool
}

// Money is an amount: exact as text in ETH, and in gwei to count with.
type Money struct {
	Gwei uint64
	Text string
}

// Verb says what a Command asks for.
type Verb uint8

// The verbs.
const (
	Say     Verb = iota // Text, Name (mood), Value (priority)
	Express             // Name, Value (milliseconds)
	Mood                // Name, Value (intensity)
	Gesture             // Name
	Sound               // Name
	Reply               // Name (post), Text
)

// Command is one thing the personality asks of the show.
type Command struct {
	Verb  Verb
	Name  string
	Text  string
	Value int64
	Why   string // id of the trigger
	About uint64 // of Say and Reply: Seq of the earlier event that it is about; 0 for the one being handled
}
