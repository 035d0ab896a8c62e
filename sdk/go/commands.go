package guest

// Commands takes what a plugin asks of the show. Each command belongs to the event that is being handled.
type Commands struct {
	w     recordWriter // of the command at hand, behind all others
	count uint32
	event uint32
}

// Len is how many commands were asked for in this batch.
func (c *Commands) Len() int { return int(c.count) }

func (c *Commands) reset() {
	c.w.b = append(c.w.b[:0], 0, 0, 0, 0, 0, 0, 0, 0)
	c.count, c.event = 0, 0
}

// begin begins a command; each of its fields has to be written.
func (c *Commands) begin(kind uint16, fields int) {
	at := len(c.w.b)
	c.w.start, c.w.slots = at, at+commandHeader
	c.w.extend(commandHeader + slot*fields)
	h := c.w.b[at:]
	le.PutUint64(h, uint64(kind)<<32|uint64(fields)<<48)
	le.PutUint64(h[8:], uint64(c.event))
}

func (c *Commands) end() {
	c.w.end()
	c.count++
}

// bytes is the finished buffer, nil when nothing was asked for.
func (c *Commands) bytes() []byte {
	if c.count == 0 {
		return nil
	}
	b := c.w.b
	le.PutUint32(b, c.count)
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}
