// Package rtmp carries the encoded programme to whoever takes it: players,
// targets such as X, recordings and browsers.
//
// The Hub is in the middle. It holds the newest group of pictures, and each
// reader follows at its own pace: a late one begins at the newest key frame, a
// slow one jumps to it. Publishing never waits for a reader. Around it stand
//
//   - Server: players come by RTMP(S), and publishers if a key is set;
//   - Pusher: we go to a target by RTMP(S), again and again until it takes us;
//   - Recorder: a file, .flv or fragmented .mp4, whole up to the moment of a crash;
//   - Preview: fragmented MP4 for browsers (Media Source Extensions).
//
// Strangers speak to the Server before anybody knows them. The handshake, the
// commands' codecs and AMF0 come from go-rtmp; what it trusts is checked before
// it sees it. The chunk stream is read by our own reader, which bounds every
// size and all memory a peer can tie up, and every AMF0 value is walked without
// recursion before the library decodes it (a 60-byte array header with a count
// of 2³¹−1, or deep nesting, would end the process). The library's connection
// type is not used: its requests wait without limit and its writer mixes media
// and replies through one queue, so that one viewer who stops reading stops all.
// Here each connection has deadlines for the handshake, for silence and for
// every write; media is chunked once and the bytes are shared by all players.
//
// To end a show without losing its last second: stop the encoder, call Hub.Close,
// and let Pusher, Recorder and Preview return by themselves; then end the Server.
package rtmp
