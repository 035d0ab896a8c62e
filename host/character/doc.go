// Package character holds what a character is: its art, its expressions and moods, its voice, and how it moves.
//
// A character is a folder. [ManifestFile] describes it in words: the parts it is put together from and what turns
// about what, the faces it can make, the mouth of every [Viseme], its gestures, its moods and what it does when nothing
// is asked of it. cmd/art renders its drawings into a folder that [Load] reads from an fs.FS: the description, the list
// of pictures and the pictures, cropped. Load is strict: an unknown key, a part that is not drawn, a gesture that does
// not come to rest are reported all at once, each with its line and how to mend it ([Problems]).
//
// A loaded [Pack] never changes and may be shared. An [Animator] moves it: it takes cues (express, mood, gesture) and
// time, and answers with the parts where they are now, back to front ([Placed]). What it promises:
//
//   - The same pack, seed, cues and ticks give the same pictures. It reads no clock.
//   - The mouth moves only while the caller says that the voice sounds, and is then the one of the viseme given.
//   - A face changes behind closing lids within 120 ms; a gesture ends at rest; a mood gives way to the next by itself.
//   - However long the pause between two ticks, no more than a quarter of a second of motion is made up for.
//   - Parts move in steps of a pixel and a quarter of a degree: at rest the same placements come back again and again.
//   - Nothing is allocated by a tick.
package character
