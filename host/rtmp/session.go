package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// session is one connection of the server: a player or a publisher, once it has said so.
type session struct {
	s   *Server
	c   *conn
	ctx context.Context

	app      string
	commands int
	strays   int
	streams  int
	ingest   Ingest // of a publisher
	playing  bool
	view     sync.WaitGroup // the goroutine that sends media
	end      context.CancelFunc
}

const (
	maxCommands = 128 // a player's whole life takes about ten
	maxStreams  = 8
	maxStrays   = 64 // messages from a peer that has no business sending them
)

// serve speaks with one peer until it goes or has to.
func (s *Server) serve(ctx context.Context, nc net.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { nc.Close() }) // wakes whatever read or write there is
	defer stop()
	if err := nc.SetDeadline(time.Now().Add(s.cfg.Handshake)); err != nil {
		return err
	}
	p := &session{s: s, ctx: ctx, end: cancel}
	var err error
	if p.c, err = accept(nc, s.cfg.WriteTimeout, p.allow); err != nil {
		return err
	}
	err = p.listen()
	if p.ingest != nil {
		p.ingest.End(err)
	}
	cancel()
	p.view.Wait()
	return err
}

// allow decides by its header whether a message may come at all.
func (p *session) allow(kind byte, size uint32) error {
	limit := uint32(maxControlBody)
	switch kind {
	case msgSetChunkSize, msgAbort, msgAck, msgUserControl, msgWindowAck, msgPeerBand:
		limit = 32
	case byte(Audio), byte(Video):
		if limit = 1024; p.ingest != nil { // before that a peer has no business sending media, but a stray one does no harm
			limit = maxMediaBody
		}
	}
	if size > limit {
		return fmt.Errorf("%w: message of kind %d with %d bytes, limit here is %d", ErrProtocol, kind, size, limit)
	}
	return nil
}

// listen takes messages until the peer goes; nil when it said goodbye.
func (p *session) listen() error {
	for {
		m, err := p.c.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		done, err := p.handle(m)
		if done || err != nil {
			return err
		}
		if p.ingest != nil {
			if err := p.c.nc.SetReadDeadline(time.Now().Add(p.s.cfg.Idle)); err != nil {
				return err
			}
		}
	}
}

func (p *session) handle(m message) (done bool, err error) {
	if p.ingest == nil && m.kind != msgCommand0 && m.kind != msgCommand3 {
		if p.strays++; p.strays > maxStrays {
			return false, fmt.Errorf("%w: messages of kind %d without publishing", ErrProtocol, m.kind)
		}
	}
	switch m.kind {
	case byte(Audio), byte(Video):
		if p.ingest != nil && len(m.body) > 0 {
			p.ingest.Tag(NewTag(Kind(m.kind), m.ts, m.body))
		}
	case msgData0:
		body, err := metaBody(m.body)
		if err != nil {
			return false, err
		}
		if p.ingest != nil && len(body) > 0 {
			p.ingest.Tag(NewTag(Data, m.ts, body))
		}
	case msgCommand3:
		if len(m.body) == 0 || m.body[0] != 0 {
			return false, fmt.Errorf("%w: command in AMF3", ErrProtocol)
		}
		return p.command(m.stream, m.body[1:])
	case msgCommand0:
		return p.command(m.stream, m.body)
	}
	return false, nil // kinds nobody needs are left alone
}

func (p *session) command(stream uint32, body []byte) (done bool, err error) {
	if p.commands++; p.commands > maxCommands {
		return false, fmt.Errorf("%w: more than %d commands", ErrProtocol, maxCommands)
	}
	c, err := decodeCommand(body)
	if err != nil {
		return false, err
	}
	if p.app == "" && c.name != "connect" {
		return false, fmt.Errorf("%w: %q before connect", ErrProtocol, clip(c.name))
	}
	switch c.name {
	case "connect":
		return false, p.connect(c)
	case "createStream":
		return false, p.createStream(c)
	case "play":
		return false, p.play(c)
	case "publish":
		return false, p.publish(c)
	case "deleteStream", "closeStream", "FCUnpublish":
		return p.playing || p.ingest != nil, nil
	}
	return false, nil // releaseStream, FCPublish, getStreamLength and the like need no answer
}

func (p *session) connect(c command) error {
	app := strings.Trim(field(c.obj, "app"), "/")
	if app, _ = splitStream(app); app == "" || p.app != "" {
		return fmt.Errorf("%w: connect without an application, or twice", ErrProtocol)
	}
	p.app = app
	answer, err := encodeCommand(0, "_result", c.id,
		map[string]any{"fmsVer": "FMS/3,5,7,7009", "capabilities": 31},
		map[string]any{"level": "status", "code": "NetConnection.Connect.Success", "description": "Connection succeeded.", "objectEncoding": 0})
	if err != nil {
		return err
	}
	band := control(msgPeerBand, 2_500_000)
	band.body = append(band.body, 2) // dynamic
	return p.c.send(control(msgWindowAck, 2_500_000), band, userControl(0, 0), control(msgSetChunkSize, OutChunk), answer)
}

func (p *session) createStream(c command) error {
	if p.streams++; p.streams > maxStreams {
		return fmt.Errorf("%w: more than %d streams", ErrProtocol, maxStreams)
	}
	// all share one number: a connection plays or publishes once, and shared media carry it in their bytes
	answer, err := encodeCommand(0, "_result", c.id, nil, mediaStream)
	if err != nil {
		return err
	}
	return p.c.send(answer)
}

// status tells a peer how its request went.
func (p *session) status(level, code, text string) (message, error) {
	return encodeCommand(mediaStream, "onStatus", 0, nil, map[string]any{"level": level, "code": code, "description": text})
}

// refuse answers a request with no, and ends the connection.
func (p *session) refuse(code string, why error) error {
	m, err := p.status("error", code, why.Error())
	if err == nil {
		err = p.c.send(m)
	}
	return errors.Join(why, err)
}

func (p *session) play(c command) error {
	if p.playing || p.ingest != nil {
		return fmt.Errorf("%w: play on a connection in use", ErrProtocol)
	}
	name, _ := splitStream(c.text(0))
	if p.s.cfg.Hub == nil || p.app != p.s.cfg.App || name != p.s.cfg.Stream {
		return p.refuse("NetStream.Play.StreamNotFound", fmt.Errorf("%w: no stream %q here", ErrRefused, clip(p.app+"/"+name)))
	}
	reset, err := p.status("status", "NetStream.Play.Reset", "Playing and resetting.")
	if err != nil {
		return err
	}
	start, err := p.status("status", "NetStream.Play.Start", "Started playing.")
	if err != nil {
		return err
	}
	if err := p.c.send(userControl(0, mediaStream), reset, start); err != nil {
		return err
	}
	p.playing = true
	// a player need not speak any more: the write deadline tells whether it is there
	if err := p.c.nc.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	p.view.Go(func() {
		defer p.end()
		p.s.players.Add(1)
		defer p.s.players.Add(-1)
		if err := p.sendMedia(); err != nil && p.ctx.Err() == nil {
			p.s.refused.WithLabelValues("slow").Inc()
			p.s.cfg.Logger.Info("player dropped", "remote", p.c.nc.RemoteAddr().String(), "err", err)
		}
	})
	return nil
}

// sendMedia follows the hub until the player goes or stops reading.
func (p *session) sendMedia() error {
	r := p.s.cfg.Hub.Subscribe()
	defer r.Close()
	var (
		buf  = make([]*Packet, 0, 256)
		sent *Headers
	)
	for {
		packets, err := r.Next(p.ctx, buf[:0])
		if err != nil {
			return p.sayGoodbye(err)
		}
		var wire net.Buffers
		for _, k := range packets {
			if k.Headers != sent {
				wire = append(wire, headersWire(k.Headers, k.TS))
				sent = k.Headers
			}
			wire = append(wire, k.Wire())
		}
		if err := p.c.sendWire(wire); err != nil {
			return err
		}
		p.gather()
	}
}

// gather lets messages come together, so that a write costs one system call for several of them.
func (p *session) gather() {
	if p.s.cfg.Flush <= 0 {
		return
	}
	select {
	case <-p.ctx.Done():
	case <-time.After(p.s.cfg.Flush):
	}
}

func (p *session) sayGoodbye(err error) error {
	if !errors.Is(err, ErrHubClosed) {
		return nil
	}
	m, err := p.status("status", "NetStream.Play.Stop", "The show has ended.")
	if err != nil {
		return err
	}
	return p.c.send(userControl(1, mediaStream), m)
}

func headersWire(h *Headers, ts uint32) []byte {
	var b []byte
	for _, t := range h.Tags(ts) {
		b = appendMessage(b, outMessage(t), OutChunk)
	}
	return b
}

func (p *session) publish(c command) error {
	if p.playing || p.ingest != nil {
		return fmt.Errorf("%w: publish on a connection in use", ErrProtocol)
	}
	name, query := splitStream(c.text(0))
	in, err := p.s.cfg.Accept(PublishRequest{App: p.app, Stream: name, Query: query, Remote: p.c.nc.RemoteAddr().String()})
	if err != nil {
		if !errors.Is(err, ErrRefused) {
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return p.refuse("NetStream.Publish.BadName", err)
	}
	p.ingest = in
	p.c.in.most = maxHalfMedia
	start, err := p.status("status", "NetStream.Publish.Start", "Publishing.")
	if err != nil {
		return err
	}
	return p.c.send(userControl(0, mediaStream), start)
}
