package ffmpeg

import (
	"context"
	"errors"
	"fmt"
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
	lastPic time.Time
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
	e.queue.rewind()
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
