package intake

import "strings"

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// The words that the grammar knows. They are tables, so that a phrase is added in one place.
var (
	bidWords = set("bid bidding")

	// lotWords stand before the number of a lot.
	lotWords = set("lot lots no nr number item piece")

	// denials and conditions: with the word "bid" they put it in doubt, without it there is no bid.
	doubts = set(`not don't dont didn't didnt won't wont wouldn't wouldnt never can't cant cannot would if cancel retract withdraw
		might maybe could should unless kidding jk wish wished instead except almost`)

	// prices are talked about with these; an amount beside them is no bid unless the word "bid" is there.
	priceTalk = set(`bids sold floor worth gas paid pay bought buy cost costs was were price priced sell selling sells fee fees have had has
		only lost won got get owe own owned wallet hold holding deposit balance ago yesterday last sale estimate estimated market cap
		raised made earned spent spend went reserve`)

	// other people's bids, and bids of the past.
	reported = set("current currently highest top last previous prior starting minimum min opening winning leading his her their your whose who someone somebody everybody outbid")

	questions = set("who what what's whats when where why how how's which is are am do does did can could will would should has have any anyone")

	greetings = set("gm gn hi hii hello helo hey heya yo sup hola bonjour ciao hallo salut ola welcome greetings howdy morning evening gmgm")

	// spelled are numbers in words, which are not read.
	spelled = set("one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred thousand half quarter zero a an")

	// afterBare may follow a bare amount after "bid"; anything else could be a unit.
	afterBare = set(`for on please pls plz now the lot from and yes i sir thanks thank thx to this it my as at in here ok okay ser fren friend guys
		let's lets go going lfg final all too with because so but that you love want need`)
)

// lookalikes are letters of other scripts that look like those of the units.
var lookalikes = strings.NewReplacer(
	"е", "e", "ё", "e", "ε", "e", "є", "e", "т", "t", "τ", "t", "н", "h", "һ", "h", "η", "h", "ԝ", "w", "ѡ", "w", "ω", "w", "і", "i", "ι", "i", "ı", "i",
	"ɡ", "g", "ց", "g", "ｅ", "e", "ⅰ", "i", "ƚ", "t",
)

// looksLikeUnit is true of a word that a reader would take for a unit though it is none.
func looksLikeUnit(w string) bool {
	if _, ok := places[w]; ok || w == "" {
		return false
	}
	var b strings.Builder
	for _, r := range w {
		if !deceives(r) {
			b.WriteRune(r)
		}
	}
	_, ok := places[lookalikes.Replace(b.String())]
	return ok
}
