package ffmpeg

import (
	"io"
	"testing"
)

// BenchmarkWrite is what a frame costs the frame loop.
func BenchmarkWrite(b *testing.B) {
	e, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	p := newProgramme(1280, 720, 30)
	i420, pcm := p.frame(0)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		if err := e.Write(n, i420, pcm); err != nil {
			b.Fatal(err)
		}
		e.queue.take()
		e.queue.fed(n)
		e.queue.settle(n)
	}
}

// BenchmarkNUT is what its container costs, beside the copy into the pipe.
func BenchmarkNUT(b *testing.B) {
	nut, err := newNUT(io.Discard, 1280, 720, 30, 48000)
	if err != nil {
		b.Fatal(err)
	}
	p := newProgramme(1280, 720, 30)
	i420, _ := p.frame(0)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		if err := nut.frame(nutVideo, n, i420); err != nil {
			b.Fatal(err)
		}
	}
}
