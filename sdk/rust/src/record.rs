use crate::v1::MAX_STRING_BYTES;

pub(crate) const BATCH_HEADER: usize = 8;
const EVENT_HEADER: usize = 24;
pub(crate) const COMMAND_HEADER: usize = 16;
pub(crate) const SLOT: usize = 8;

/// Reads a little-endian number; what lies outside of the bytes is 0.
pub(crate) fn read<const N: usize>(b: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(from) = at.checked_add(N).and_then(|end| b.get(at..end)) {
        out.copy_from_slice(from);
    }
    out
}

pub(crate) fn read_u32(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(read(b, at))
}

pub(crate) fn read_u64(b: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(read(b, at))
}

/// A text of a record, by its slot; empty when it does not lie inside or is not UTF-8, which no host writes.
pub(crate) fn read_str(rec: &[u8], slot: u64) -> &str {
    let (from, len) = (slot as u32 as usize, (slot >> 32) as usize);
    from.checked_add(len).and_then(|end| rec.get(from..end)).and_then(|b| core::str::from_utf8(b).ok()).unwrap_or("")
}

/// The records of a buffer, in order.
pub(crate) fn records(buffer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = buffer.get(BATCH_HEADER..).unwrap_or(&[]);
    (0..read_u32(buffer, 0)).map_while(move |_| {
        let size = read_u32(rest, 0) as usize;
        let record = rest.get(..size).filter(|r| r.len() >= COMMAND_HEADER)?;
        rest = &rest[size..];
        Some(record)
    })
}

/// One event. Its texts live as long as the call of [`Plugin::handle`](crate::Plugin::handle).
#[derive(Clone, Copy)]
pub struct Event<'a> {
    rec: &'a [u8],
}

impl<'a> Event<'a> {
    /// The event in a record as the host writes it.
    pub fn new(rec: &'a [u8]) -> Self {
        Event { rec }
    }

    /// Kind of the event, one of [`kind`](crate::kind).
    pub fn kind(&self) -> u16 {
        u16::from_le_bytes(read(self.rec, 4))
    }

    /// The event's number in the one order of the show.
    pub fn seq(&self) -> u64 {
        read_u64(self.rec, 8)
    }

    /// When it happened, in unix milliseconds: the only clock of a plugin.
    pub fn at(&self) -> i64 {
        read_u64(self.rec, 16) as i64
    }

    /// Whether a text of the event was cut to [`MAX_STRING_BYTES`].
    pub fn cut(&self) -> bool {
        read::<1>(self.rec, 7)[0] & 1 != 0
    }

    /// Numbers seeded by the event, so that a replay makes the same choices.
    pub fn random(&self) -> Random {
        Random(self.seq().wrapping_mul(GOLDEN))
    }

    /// A slot; 0 when the event comes from a host that does not know it.
    pub(crate) fn slot_u64(&self, i: usize) -> u64 {
        if i < usize::from(read::<1>(self.rec, 6)[0]) {
            read_u64(self.rec, EVENT_HEADER + SLOT * i)
        } else {
            0
        }
    }

    pub(crate) fn slot_i64(&self, i: usize) -> i64 {
        self.slot_u64(i) as i64
    }

    pub(crate) fn slot_flag(&self, i: usize) -> bool {
        self.slot_u64(i) != 0
    }

    pub(crate) fn slot_str(&self, i: usize) -> &'a str {
        read_str(self.rec, self.slot_u64(i))
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Gives the same numbers for the same event.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number from 0 to n-1; 0, and nothing is drawn, when n is 0.
    pub fn n(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        self.next_u64() % n
    }
}

/// Takes what a plugin asks of the show. Each command belongs to the event that is being handled.
pub struct Commands {
    buf: Vec<u8>,
    count: u32,
    event: u32,
}

impl Commands {
    pub(crate) fn new() -> Self {
        Commands { buf: Vec::new(), count: 0, event: 0 }
    }

    /// How many commands were asked for in this batch.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn reset(&mut self) {
        self.buf.clear();
        self.buf.resize(BATCH_HEADER, 0);
        self.count = 0;
        self.event = 0;
    }

    pub(crate) fn caused_by(&mut self, event: u32) {
        self.event = event;
    }

    pub(crate) fn begin(&mut self, kind: u16, fields: u8) -> CommandWriter<'_> {
        let (start, event) = (self.buf.len(), self.event);
        self.count += 1;
        let mut rec = Record { buf: &mut self.buf, start, header: COMMAND_HEADER };
        rec.header(kind, fields);
        rec.put(8, &event.to_le_bytes());
        CommandWriter(rec)
    }

    /// The finished buffer; no bytes when nothing was asked for.
    pub(crate) fn bytes(&mut self) -> &[u8] {
        if self.count == 0 {
            return &[];
        }
        let size = self.buf.len() as u32;
        self.buf[..4].copy_from_slice(&self.count.to_le_bytes());
        self.buf[4..8].copy_from_slice(&size.to_le_bytes());
        &self.buf
    }
}

/// A record at the end of a buffer.
struct Record<'a> {
    buf: &'a mut Vec<u8>,
    start: usize,
    header: usize,
}

impl Record<'_> {
    fn header(&mut self, kind: u16, fields: u8) {
        self.buf.resize(self.start + self.header + SLOT * usize::from(fields), 0);
        self.put(4, &kind.to_le_bytes());
        self.put(6, &[fields]);
    }

    fn put(&mut self, at: usize, b: &[u8]) {
        self.buf[self.start + at..][..b.len()].copy_from_slice(b);
    }

    fn slot(&mut self, i: usize, v: u64) {
        self.put(self.header + SLOT * i, &v.to_le_bytes());
    }

    fn text(&mut self, i: usize, s: &str) {
        let s = cut(s);
        let at = (self.buf.len() - self.start) as u64;
        self.slot(i, at | (s.len() as u64) << 32);
        self.buf.extend_from_slice(s.as_bytes());
    }

    fn end(&mut self) {
        self.buf.resize((self.buf.len() + 7) & !7, 0);
        let size = (self.buf.len() - self.start) as u32;
        self.put(0, &size.to_le_bytes());
    }
}

/// Shortens a text to [`MAX_STRING_BYTES`] or a little less, so that no character is split.
fn cut(s: &str) -> &str {
    if s.len() <= MAX_STRING_BYTES {
        return s;
    }
    let mut n = MAX_STRING_BYTES;
    while !s.is_char_boundary(n) {
        n -= 1;
    }
    &s[..n]
}

pub(crate) struct CommandWriter<'a>(Record<'a>);

impl CommandWriter<'_> {
    pub(crate) fn str(&mut self, i: usize, v: &str) {
        self.0.text(i, v);
    }
    pub(crate) fn u64(&mut self, i: usize, v: u64) {
        self.0.slot(i, v);
    }
    pub(crate) fn i64(&mut self, i: usize, v: i64) {
        self.0.slot(i, v as u64);
    }
    pub(crate) fn flag(&mut self, i: usize, v: bool) {
        self.0.slot(i, v.into());
    }
    pub(crate) fn end(mut self) {
        self.0.end();
    }
}

/// Writes an event for a test.
pub(crate) struct EventWriter(Vec<u8>);

impl EventWriter {
    pub(crate) fn new(kind: u16, fields: u8, seq: u64, at: i64) -> Self {
        let mut w = EventWriter(Vec::new());
        let mut rec = w.rec();
        rec.header(kind, fields);
        rec.put(8, &seq.to_le_bytes());
        rec.put(16, &at.to_le_bytes());
        w
    }

    fn rec(&mut self) -> Record<'_> {
        Record { buf: &mut self.0, start: 0, header: EVENT_HEADER }
    }

    pub(crate) fn str(&mut self, i: usize, v: &str) {
        self.rec().text(i, v);
    }
    pub(crate) fn u64(&mut self, i: usize, v: u64) {
        self.rec().slot(i, v);
    }
    pub(crate) fn i64(&mut self, i: usize, v: i64) {
        self.u64(i, v as u64);
    }
    pub(crate) fn flag(&mut self, i: usize, v: bool) {
        self.u64(i, v.into());
    }
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.rec().end();
        self.0
    }
}
