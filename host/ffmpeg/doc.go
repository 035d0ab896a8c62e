// Package ffmpeg encodes the programme once, with a supervised FFmpeg.
//
// Picture and sound go in through one pipe as NUT (planar I420 and signed
// 16-bit samples, each with its own timestamp), H.264 and AAC come back on
// another as FLV. One process encodes; who gets the result is decided
// elsewhere, so no viewer's session depends on the life of an encoder.
//
// What a caller may rely on:
//
//   - Write never waits for the encoder. It copies the frame into one of a few
//     buffers made beforehand; when all are taken the picture is dropped and
//     counted, the sound is kept, and the timestamps of what follows are right.
//   - An encoder that dies, or that is fed and says nothing for
//     Config.StallAfter, is replaced at once. The pictures it had not brought out
//     are given to the next, so that a sudden death costs none. Timestamps go on
//     from the frame number, and never run backwards in one stream of tags.
//   - OnTag, OnUp and OnDown are called from goroutines of Run, one at a time
//     and in order. They may take a moment, yet a slow OnTag slows the encoder
//     down and so costs frames.
//   - When Run returns no process is left: FFmpeg runs in a process group of
//     its own that is killed as a whole, and the kernel kills it should this
//     program be killed.
package ffmpeg
