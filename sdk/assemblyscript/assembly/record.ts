/** Sizes of the parts of a record; see layout in sdk/schema/v1.json. */
export const BATCH_HEADER: usize = 8;
const EVENT_HEADER: usize = 24;
const COMMAND_HEADER: usize = 16;
const SLOT: usize = 8;
const MAX_STRING: i32 = 8192;

/** A view of one event. It is valid until handle returns; the strings it gives may be kept. */
export class Event {
  constructor(private ptr: usize) {}

  /** Kind of the event, one of Kind. */
  get kind(): u16 { return load<u16>(this.ptr, 4); }
  /** The event's number in the one order of the show. */
  get seq(): u64 { return load<u64>(this.ptr, 8); }
  /** When it happened, in unix milliseconds: the only clock of a plugin. */
  get at(): i64 { return load<i64>(this.ptr, 16); }
  /** Whether a string of the event was cut to the greatest length. */
  get cut(): bool { return (load<u8>(this.ptr, 7) & 1) != 0; }
  /** Numbers seeded by the event, so that a replay makes the same choices. */
  random(): Random { return new Random(this.seq * 0x9e3779b97f4a7c15); }

  /** Moves the view to another record, for the SDK. */
  moveTo(ptr: usize): void { this.ptr = ptr; }
  /** Size of the record, for the SDK. */
  get size(): u32 { return load<u32>(this.ptr); }

  protected u64(i: i32): u64 { return i < <i32>load<u8>(this.ptr, 6) ? load<u64>(this.ptr + SLOT * i, EVENT_HEADER) : 0; }
  protected i64(i: i32): i64 { return <i64>this.u64(i); }
  protected flag(i: i32): bool { return this.u64(i) != 0; }
  protected str(i: i32): string {
    const v = this.u64(i);
    return String.UTF8.decodeUnsafe(this.ptr + <usize>(v & 0xffffffff), <usize>(v >> 32));
  }
}

/** Gives the same numbers for the same event. */
export class Random {
  constructor(private state: u64) {}

  /** The next number. */
  u64(): u64 {
    this.state += 0x9e3779b97f4a7c15;
    let z = this.state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /** A number from 0 to n-1; 0 when n is not positive. */
  n(n: i32): i32 { return n > 0 ? <i32>(this.u64() % <u64>n) : 0; }
}

/** Holds commands as flat records. */
export class CommandBuffer {
  private buf: StaticArray<u8> = new StaticArray<u8>(4096);
  private len: usize = BATCH_HEADER;
  private n: u32 = 0;
  private event: u32 = 0;

  /** How many commands were asked for in this batch. */
  get count(): u32 { return this.n; }

  /** Empties the buffer, for the SDK. */
  reset(): void { this.len = BATCH_HEADER; this.n = 0; this.event = 0; }
  /** Names the event that is being handled, for the SDK. */
  causedBy(event: u32): void { this.event = event; }
  /** Where the finished buffer stands, 0 when nothing was asked for; for the SDK. */
  packed(): u64 {
    if (this.n == 0) return 0;
    const p = changetype<usize>(this.buf);
    store<u32>(p, this.n);
    store<u32>(p, <u32>this.len, 4);
    return (<u64>p << 32) | <u64>this.len;
  }

  protected begin(kind: u16, fields: i32): usize {
    const w = this.len;
    const size = COMMAND_HEADER + SLOT * fields;
    this.room(size);
    const p = changetype<usize>(this.buf) + w;
    store<u64>(p, <u64>kind << 32 | <u64>fields << 48);
    store<u64>(p, this.event, 8);
    for (let at = COMMAND_HEADER; at < size; at += SLOT) store<u64>(p + at, 0); // memory.fill takes longer for so little
    this.len = w + size;
    return w;
  }

  protected end(w: usize): void {
    this.room(SLOT);
    const p = changetype<usize>(this.buf);
    store<u64>(p + this.len, 0);
    this.len = (this.len + 7) & ~7;
    store<u32>(p + w, <u32>(this.len - w));
    this.n++;
  }

  protected putU64(w: usize, i: i32, v: u64): void { store<u64>(changetype<usize>(this.buf) + w + SLOT * i, v, COMMAND_HEADER); }
  protected putI64(w: usize, i: i32, v: i64): void { this.putU64(w, i, <u64>v); }
  protected putFlag(w: usize, i: i32, v: bool): void { this.putU64(w, i, v ? 1 : 0); }

  protected putStr(w: usize, i: i32, s: string): void {
    const off = this.len - w;
    const units = min(s.length, MAX_STRING + 1); // none is less than a byte; with what is past them, a long text would cost in vain
    this.room(3 * units); // at most
    const at = changetype<usize>(this.buf) + this.len;
    // Half a surrogate pair is replaced: the host refuses a batch with half a character in it.
    let n = <i32>String.UTF8.encodeUnsafe(changetype<usize>(s), units, at, false, String.UTF8.ErrorMode.REPLACE);
    if (n > MAX_STRING) {
      n = MAX_STRING;
      while (n > 0 && (load<u8>(at + n) & 0xc0) == 0x80) n--;
    }
    this.putU64(w, i, <u64>off | (<u64>n << 32));
    this.len += n;
  }

  private room(n: usize): void {
    const need = this.len + n;
    if (need <= <usize>this.buf.length) return;
    const bigger = new StaticArray<u8>(<i32>max(need, <usize>this.buf.length * 2));
    memory.copy(changetype<usize>(bigger), changetype<usize>(this.buf), this.len);
    this.buf = bigger;
  }
}
