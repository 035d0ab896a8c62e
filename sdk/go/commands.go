package guest

// Commands takes what a plugin asks of the show. Each command belongs to the event that is being handled.
type Commands struct {
	buf   []byte
	count uint32
	event uint32
}

// Len is how many commands were asked for in this batch.
func (c *Commands) Len() int { return int(c.count) }

func (c *Commands) reset() {
	c.buf = append(c.buf[:0], zeros[:batchHeader]...)
	c.count, c.event = 0, 0
}

func (c *Commands) begin(kind uint16, fields int) recordWriter {
	w := recordWriter{b: append(c.buf, zeros[:commandHeader+slot*fields]...), start: len(c.buf), header: commandHeader}
	h := w.b[w.start : w.start+commandHeader]
	le.PutUint64(h, uint64(kind)<<32|uint64(fields)<<48)
	le.PutUint32(h[8:], c.event)
	return w
}

func (c *Commands) end(w recordWriter) {
	c.buf = w.end()
	c.count++
}

// bytes is the finished buffer, nil when nothing was asked for.
func (c *Commands) bytes() []byte {
	if c.count == 0 {
		return nil
	}
	le.PutUint32(c.buf, c.count)
	le.PutUint32(c.buf[4:], uint32(len(c.buf)))
	return c.buf
}
