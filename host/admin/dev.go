package admin

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Bounds of what is told about plugins that are being written.
const (
	devLease = 15 * time.Second // a report that nobody renews is over
	devHold  = 20 * time.Second // a reader is kept waiting for news no longer than this
	maxDevs  = 8
)

// DevReport is how a plugin stands that somebody is writing just now, with `sothebais dev`.
type DevReport struct {
	Plugin    string    `json:"plugin" maxLength:"200"`
	Version   string    `json:"version,omitempty" maxLength:"60"`
	Slot      string    `json:"slot,omitempty" maxLength:"40"`
	Folder    string    `json:"folder" maxLength:"4096" doc:"that is watched"`
	Error     string    `json:"error,omitempty" maxLength:"16384" doc:"why the last version is not tried: file, line and what is wrong; the one before goes on"`
	Events    int       `json:"events" doc:"of the show that it was played"`
	Reactions string    `json:"reactions" maxLength:"49152" doc:"what it asked for then"`
	Millis    int64     `json:"millis" doc:"from the save until it had reacted"`
	Saves     int       `json:"saves" doc:"so far"`
	At        time.Time `json:"at" doc:"when it was saved"`
	InShadow  bool      `json:"in_shadow" doc:"it hears the show by now"`
}

// DevList is all of them.
type DevList struct {
	Revision uint64      `json:"revision" doc:"changes with each report"`
	Items    []DevReport `json:"items" nullable:"false"`
}

// devs remembers the reports, which are of the moment and no facts.
type devs struct {
	mu       sync.Mutex
	revision uint64
	moved    chan struct{} // closed at the next change
	items    []leased
}

type leased struct {
	DevReport
	until time.Time
}

func newDevs() *devs { return &devs{moved: make(chan struct{}), revision: 1} }

// put takes a report in; one that is as before only renews the lease.
func (d *devs) put(r DevReport, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweep(now)
	for i := range d.items {
		if was := &d.items[i]; was.Folder == r.Folder {
			was.until = now.Add(devLease)
			if was.DevReport != r {
				was.DevReport = r
				d.move()
			}
			return true
		}
	}
	if len(d.items) == maxDevs {
		return false
	}
	d.items = append(d.items, leased{r, now.Add(devLease)})
	d.move()
	return true
}

func (d *devs) drop(folder string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.items {
		if d.items[i].Folder == folder {
			d.items = append(d.items[:i:i], d.items[i+1:]...)
			d.move()
			return
		}
	}
}

// sweep forgets what nobody renewed. The caller has mu.
func (d *devs) sweep(now time.Time) {
	kept := d.items[:0:0]
	for _, l := range d.items {
		if l.until.After(now) {
			kept = append(kept, l)
		}
	}
	if len(kept) != len(d.items) {
		d.items = kept
		d.move()
	}
}

func (d *devs) move() {
	d.revision++
	close(d.moved)
	d.moved = make(chan struct{})
}

func (d *devs) list(now time.Time) (DevList, chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweep(now)
	out := DevList{Revision: d.revision, Items: []DevReport{}}
	for _, l := range d.items {
		out.Items = append(out.Items, l.DevReport)
	}
	return out, d.moved
}

func (s *Server) putDev(_ context.Context, in *struct{ Body DevReport }) (*body[Done], error) {
	if !s.devs.put(in.Body, time.Now()) {
		return nil, actFailed(fmt.Errorf("%w: %d plugins are being written already", ErrRefused, maxDevs))
	}
	return &body[Done]{}, nil
}

func (s *Server) dropDev(_ context.Context, in *struct {
	Folder string `query:"folder" maxLength:"4096" required:"true"`
}) (*body[Done], error) {
	s.devs.drop(in.Folder)
	return &body[Done]{}, nil
}

// listDevs answers at once, or when there is something newer than the reader has.
func (s *Server) listDevs(ctx context.Context, in *struct {
	After uint64 `query:"after" doc:"a revision: wait for a newer one, for a while"`
}) (*body[DevList], error) {
	ctx, cancel := context.WithTimeout(ctx, devHold)
	defer cancel()
	for {
		list, moved := s.devs.list(time.Now())
		if in.After == 0 || list.Revision != in.After {
			return &body[DevList]{list}, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			list, _ = s.devs.list(time.Now()) // a lease may have run out
			return &body[DevList]{list}, nil
		}
	}
}
