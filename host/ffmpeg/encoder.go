package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Encoder turns frames into tags. Write feeds it, Run does the work.
type Encoder struct {
	cfg     Config
	queue   *queue
	samples int // of one channel, in a frame
	m       *metrics

	owed    atomic.Int64  // frames given since the last tag came
	spoke   atomic.Int64  // when the last tag came, or the process began; Unix nanoseconds
	base    atomic.Uint64 // number of the frame which the running process counts as its first
	pid     atomic.Int64
	dropped atomic.Uint64
	silent  atomic.Uint64
	written atomic.Uint64
	starts  atomic.Uint64
	up      atomic.Bool // the running process has brought a picture

	// of the goroutine that reads tags
	last    map[byte]uint32 // newest timestamp of each kind
	everUp  bool
	lastPic uint32
}

// Stats are an encoder's figures since it was made.
type Stats struct {
	Frames       uint64 // given to Write
	Dropped      uint64 // pictures that found no room
	DroppedSound uint64 // frames of sound that found no room
	Restarts     uint64
	PID          int // of the running FFmpeg, 0 when there is none
	QueueDepth   int
}

// New checks the configuration and makes the buffers. Nothing runs yet.
func New(cfg Config) (*Encoder, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	samples := cfg.SampleRate / cfg.FPS
	e := &Encoder{cfg: cfg, samples: samples, last: map[byte]uint32{}}
	e.queue = newQueue(cfg.Depth, cfg.Width*cfg.Height*3/2, samples*4)
	e.m = newMetrics(cfg.Metrics, e)
	return e, nil
}

// Write gives frame n to the encoder: planar I420, and interleaved stereo
// samples for the time of one frame. Frames come from one goroutine, with n
// rising; both buffers are free again when it returns. It never waits: a
// picture that finds no room is dropped and counted, which is no error.
func (e *Encoder) Write(n uint64, i420 []byte, pcm []int16) error {
	if want := e.cfg.Width * e.cfg.Height * 3 / 2; len(i420) != want {
		return fmt.Errorf("frame %d: picture has %d bytes, %dx%d in I420 has %d", n, len(i420), e.cfg.Width, e.cfg.Height, want)
	}
	if len(pcm) != e.samples*2 {
		return fmt.Errorf("frame %d: %d samples of sound, want %d for two channels", n, len(pcm), e.samples*2)
	}
	e.written.Add(1)
	e.owed.Add(1)
	picture, sound := e.queue.put(n, i420, pcm)
	if !picture {
		e.dropped.Add(1)
	}
	if !sound {
		e.silent.Add(1)
	}
	return nil
}

// Stats may be called at any time.
func (e *Encoder) Stats() Stats {
	return Stats{
		Frames: e.written.Load(), Dropped: e.dropped.Load(), DroppedSound: e.silent.Load(),
		Restarts: max(e.starts.Load(), 1) - 1, PID: int(e.pid.Load()), QueueDepth: e.queue.depth(),
	}
}

// hopeless is how many encoders in a row may end without a single tag before Run gives up, if none ever worked.
const hopeless = 5

// steady is how long an encoder must have run for its successor to start at once.
const steady = time.Second

// Run keeps an encoder running until the context ends, then returns nil. It
// fails only when FFmpeg is missing or no encoder ever produced anything.
func (e *Encoder) Run(ctx context.Context) error {
	bin, err := e.cfg.look()
	if err != nil {
		return err
	}
	pause := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, Multiplier: 2, RandomizationFactor: 0, MaxInterval: 2 * time.Second}
	pause.Reset()
	for failed := 1; ; failed++ {
		began := time.Now()
		err := e.encode(ctx, bin)
		if ctx.Err() != nil {
			return nil
		}
		if !e.everUp && failed >= hopeless {
			return fmt.Errorf("encoding: %w", err)
		}
		e.cfg.OnDown(err.Error())
		e.cfg.Logger.Warn("encoder stopped; starting another", "err", err)
		if time.Since(began) > steady {
			pause.Reset()
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// errStalled is why an encoder was killed that took frames and gave nothing.
var errStalled = errors.New("no output while being fed")

// encode runs one FFmpeg to its end and says why it ended.
func (e *Encoder) encode(ctx context.Context, bin string) error {
	p, err := startProcess(bin, e.cfg.args())
	if err != nil {
		return err
	}
	e.starts.Add(1)
	e.pid.Store(int64(p.pid))
	defer e.pid.Store(0)
	e.spoke.Store(time.Now().UnixNano())
	e.owed.Store(0)
	e.up.Store(false)

	stop, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	var readErr error
	work.Go(func() { e.feed(stop, p) })
	work.Go(func() { defer cancel(); readErr = e.read(p) })

	cause := e.watch(stop, p)
	cancel()
	if ctx.Err() != nil {
		awaitEnd(p)
	}
	p.kill()
	<-p.done
	work.Wait()
	p.out.Close()
	return errors.Join(cause, readErr, errors.New(p.reason()))
}

// awaitEnd lets an encoder whose input has ended write out what it holds.
func awaitEnd(p *process) {
	select {
	case <-p.done:
	case <-time.After(time.Second):
	}
}

// watch returns when the process or the context ends, or when the process has to go.
func (e *Encoder) watch(ctx context.Context, p *process) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.done:
			return nil
		case now := <-tick.C:
			quiet := now.Sub(time.Unix(0, e.spoke.Load()))
			if e.owed.Load() > int64(e.cfg.FPS)/2 && quiet > e.patience() {
				return fmt.Errorf("%w for %v", errStalled, quiet.Round(time.Millisecond))
			}
		}
	}
}

// patience is longer for a process that is still starting: loading its libraries takes a while on a busy machine.
func (e *Encoder) patience() time.Duration {
	if e.up.Load() {
		return e.cfg.StallAfter
	}
	return max(e.cfg.StallAfter, 5*time.Second)
}

// feed writes frames into the process until either ends; closing the pipe tells FFmpeg that it was the last.
func (e *Encoder) feed(ctx context.Context, p *process) {
	defer p.in.Close()
	unblock := context.AfterFunc(ctx, func() { p.in.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) })
	defer unblock()
	f, ok := e.firstPicture(ctx)
	if !ok {
		return
	}
	e.base.Store(f.n)
	nut, err := newNUT(p.in, e.cfg.Width, e.cfg.Height, e.cfg.FPS, e.cfg.SampleRate)
	for ok && err == nil {
		err = e.feedOne(nut, f)
		e.queue.give(f)
		if err == nil {
			f, ok = e.nextFrame(ctx)
		}
	}
}

// FFmpeg's muxer holds a picture back until it has seen sound that is later, and
// AAC comes out about two frames of 1024 samples after it went in. So the sound is
// declared to be later than it is on the way in, and set right on the way out:
// pictures pass 50 ms sooner.
const aacFrame = 1024

// soundLead is how much later, in samples: whole video frames, because FFmpeg
// rounds what a common offset leaves of the pictures' timestamps.
func (e *Encoder) soundLead() int {
	return (5*aacFrame/2/e.samples + 1) * e.samples
}

func (e *Encoder) feedOne(nut *nutWriter, f frame) error {
	n := f.n - e.base.Load()
	if f.picture != nil {
		if err := nut.frame(nutVideo, n, f.picture); err != nil {
			return err
		}
	}
	return nut.frame(nutAudio, n*uint64(e.samples)+uint64(e.soundLead()), f.pcm)
}

// retime puts a tag of the running process on the programme's timeline. All is
// one frame of AAC late, because the coder's first packet lies that much before
// its first sample, and time does not begin below 0.
func (e *Encoder) retime(t Tag) uint32 {
	samples := aacFrame
	switch {
	case t.Type == TagScript || t.isConfig():
		return e.millis(e.base.Load())
	case t.Type == TagAudio:
		samples -= e.soundLead()
	}
	shift := math.Round(float64(samples) * 1000 / float64(e.cfg.SampleRate))
	return e.millis(e.base.Load()) + t.TS + uint32(int32(shift))
}

// firstPicture skips sound whose picture was dropped while no encoder ran: a stream begins with both.
func (e *Encoder) firstPicture(ctx context.Context) (frame, bool) {
	for {
		f, ok := e.nextFrame(ctx)
		if !ok || f.picture != nil {
			return f, ok
		}
		e.queue.give(f)
	}
}

func (e *Encoder) nextFrame(ctx context.Context) (frame, bool) {
	for {
		if ctx.Err() != nil {
			return frame{}, false
		}
		if f, ok := e.queue.take(); ok {
			return f, true
		}
		select {
		case <-ctx.Done():
		case <-e.queue.wake:
		}
	}
}

// read passes tags on until the process ends its output.
func (e *Encoder) read(p *process) error {
	r, err := newFLVReader(p.out)
	if err != nil {
		return readEnd(err)
	}
	for {
		t, err := r.next()
		if err != nil {
			return readEnd(err)
		}
		e.pass(t)
	}
}

// readEnd keeps quiet about ends that the process's own end explains.
func readEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("reading the encoder's output: %w", err)
}

// pass puts a tag on the programme's timeline and hands it out.
func (e *Encoder) pass(t Tag) {
	e.spoke.Store(time.Now().UnixNano())
	e.owed.Store(0)
	t.TS = e.retime(t)
	if last, ok := e.last[t.Type]; ok && int32(t.TS-last) < 0 {
		t.TS = last
	}
	if !t.isConfig() {
		e.last[t.Type] = t.TS
	}
	e.m.tag(t)
	if t.isPicture() {
		e.noteUp(t.TS)
	}
	e.cfg.OnTag(t)
}

func (e *Encoder) noteUp(ts uint32) {
	if !e.up.Load() {
		var gap time.Duration
		if e.everUp {
			gap = time.Duration(int32(ts-e.lastPic))*time.Millisecond - time.Second/time.Duration(e.cfg.FPS)
		}
		e.up.Store(true)
		e.everUp = true
		e.m.gap(gap)
		e.cfg.OnUp(max(gap, 0))
	}
	e.lastPic = ts
}

// millis is when frame n is due. It is counted from the frame number, so rounding never adds up.
func (e *Encoder) millis(n uint64) uint32 {
	return uint32(n * 1000 / uint64(e.cfg.FPS))
}

// isConfig tells sequence headers, which the muxer puts at 0.
func (t Tag) isConfig() bool { return len(t.Payload) > 1 && t.Payload[1] == 0 }

// isPicture tells coded pictures from sequence headers.
func (t Tag) isPicture() bool {
	return t.Type == TagVideo && len(t.Payload) > 1 && t.Payload[1] == 1
}
