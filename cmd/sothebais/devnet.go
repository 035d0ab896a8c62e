package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/sothebais/sothebais/host"
)

// account is somebody who may bid.
type account = host.Account

// devnet is the simulator as a child process: X, its ingest and a crowd.
// It is restarted on the same ports should it die, as X would come back.
type devnet struct {
	bin  string
	args func(devnetPlaces) []string
	log  *slog.Logger

	mu     sync.Mutex // guards places
	places devnetPlaces
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// devnetPlaces is what the simulator says when it is ready: where it is, and the keys that it takes.
type devnetPlaces struct {
	X            string `json:"xsim"`
	RTMP         string `json:"rtmp"`
	StreamKey    string `json:"stream_key"`
	Bearer       string `json:"bearer"`
	APIKey       string `json:"api_key"`
	APISecret    string `json:"api_secret"`
	AccessToken  string `json:"access_token"`
	AccessSecret string `json:"access_token_secret"`
	Account      string `json:"account"`

	Show string `json:"-"` // address of the show, once it is known
}

// users are the people of the simulated crowd, as accounts of bidders.
func (p devnetPlaces) users(ctx context.Context) ([]account, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.X+"/devnet/users", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct {
		Users []struct {
			ID     string `json:"id"`
			Handle string `json:"handle"`
			Name   string `json:"name"`
		} `json:"users"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("read the list of users: %w", err)
	}
	var out []account
	for _, u := range list.Users {
		out = append(out, account{ID: "member:" + u.ID, AuthorID: u.ID, Handle: u.Handle, Name: u.Name})
	}
	return out, nil
}

// tellHost says where the show is, so that the crowd can read the price.
func (p devnetPlaces) tellHost(ctx context.Context, url string) error {
	body, err := json.Marshal(map[string]string{"url": url})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, p.X+"/devnet/host", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulator answers %s", resp.Status)
	}
	return nil
}

// portOf is the port of an address.
func portOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "0"
	}
	return u.Port()
}

// findDevnet looks beside this program, then on PATH.
func findDevnet(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "devnet")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	if path, err := exec.LookPath("devnet"); err == nil {
		return path, nil
	}
	return "", &exitError{exitUnavailable, errors.New("the simulator (devnet) is neither beside this program nor on PATH; build it with: make build, or name it with --devnet")}
}

// start runs the simulator and waits until it listens. It goes on when ctx ends, until stop: the show leaves first.
func (d *devnet) start(ctx context.Context) error {
	ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	places, wait, err := d.spawn(ctx)
	if err != nil {
		d.cancel()
		return err
	}
	d.places = places
	d.done.Go(func() {
		for {
			err := wait()
			if ctx.Err() != nil {
				return
			}
			d.log.Warn("the simulator is gone; starting it again", "err", err)
			for {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Second):
				}
				if _, wait, err = d.spawn(ctx); err == nil {
					break
				}
				d.log.Warn("the simulator does not start", "err", err)
			}
		}
	})
	return nil
}

// tellHost says where the show is, so that the crowd can read the price; now and after a restart.
func (d *devnet) tellHost(ctx context.Context, url string) error {
	d.mu.Lock()
	d.places.Show = url
	d.mu.Unlock()
	return d.places.tellHost(ctx, url)
}

// known is what the simulator said when it was ready.
func (d *devnet) known() devnetPlaces {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.places
}

// stop ends the simulator and waits for it.
func (d *devnet) stop() {
	d.cancel()
	d.done.Wait()
}

func (d *devnet) spawn(ctx context.Context) (devnetPlaces, func() error, error) {
	cmd := exec.CommandContext(ctx, d.bin, d.args(d.known())...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	// What a terminal sends on Ctrl-C is for the show, which ends the simulator when it has left the stage.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return devnetPlaces{}, nil, err
	}
	ended := make(chan struct{})
	if err := startHeld(cmd, ended); err != nil {
		return devnetPlaces{}, nil, &exitError{exitUnavailable, fmt.Errorf("start the simulator: %w", err)}
	}
	lines := bufio.NewScanner(stderr)
	var said []byte
	for lines.Scan() {
		said = append(append(said[:0], lines.Bytes()...), '\n')
		var p devnetPlaces
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.X != "" {
			drained := make(chan struct{})
			go func() { defer close(drained); _, _ = io.Copy(io.Discard, stderr) }()
			return p, func() error { defer close(ended); <-drained; return cmd.Wait() }, nil
		}
	}
	err = cmd.Wait()
	close(ended)
	return devnetPlaces{}, nil, &exitError{exitUnavailable, fmt.Errorf("the simulator did not start (%w): %s", err, said)}
}

// startHeld starts a process from a thread that stays until it has ended: the kernel sends the death signal when that
// thread goes, not the program.
func startHeld(cmd *exec.Cmd, ended <-chan struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			<-ended
		}
	}()
	return <-started
}
