package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// errLost says that data did not get out.
var errLost = errors.New("what was to be printed is lost")

// outlet is stdout. It remembers that something did not get out, so that no command has to look at each of its writes.
type outlet struct {
	to io.Writer

	mu   sync.Mutex
	lost error // of the first write that failed
}

// Write is io.Writer's.
func (o *outlet) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil // a table without a row; nothing of it can be lost
	}
	n, err := o.to.Write(b)
	if err != nil {
		err = fmt.Errorf("%w: %w; make room or print it elsewhere (what the command did besides stands)", errLost, err)
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.lost == nil {
			o.lost = err
		}
	}
	return n, err
}

// join adds to what a command says that its output did not get out, unless it says that itself.
func (o *outlet) join(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost == nil || errors.Is(err, errLost) {
		return err
	}
	return errors.Join(err, o.lost)
}
