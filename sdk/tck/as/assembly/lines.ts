/** The state of the example plugins: lines of a key and a value under a first line that names the form.
 *  sdk/tck/examples/README.md says it in full. */

/** The greatest number that a line may hold. */
const MOST: u64 = 999999999999999999;

/** Writes the lines of a state. */
export class Writer {
  private text: string;
  constructor(name: string) { this.text = `${name} 1\n`; }

  line(key: string, value: string): void { this.text += `${key} ${value}\n`; }
  number(key: string, n: u64): void { this.line(key, min(n, MOST).toString()); }
  int(key: string, n: i64): void { this.number(key, <u64>max<i64>(n, 0)); }
  flag(key: string, on: bool): void { this.line(key, on ? "1" : "0"); }
  bytes(): Uint8Array { return Uint8Array.wrap(String.UTF8.encode(this.text)); }
}

/** Reads the lines of a state, one after the other. */
export class Reader {
  key: string = "";
  value: string = "";
  private rest: string;
  private k: i32 = 0;

  constructor(private name: string, state: Uint8Array) { this.rest = String.UTF8.decode(state.buffer); }

  /** Goes on to the next line, the first of which is checked; false at the end, or where a line is not of its form. */
  next(): bool {
    if (this.k == 0) {
      if (!this.cut() || this.key != this.name || this.value != "1") return false;
    }
    return this.rest.length > 0 && this.cut();
  }

  /** Refuses the line at hand. */
  refuse(): string { return `line ${this.k} is not of a state of ${this.name} 1`; }

  /** The error text when next has said false: nothing at the end. */
  done(): string { return this.broken ? this.refuse() : ""; }

  private broken: bool = false;

  private cut(): bool {
    this.k++;
    const end = this.rest.indexOf("\n");
    const space = this.rest.indexOf(" ");
    this.broken = end < 0 || space < 0 || space > end;
    if (this.broken) return false;
    this.key = this.rest.substring(0, space);
    this.value = this.rest.substring(space + 1, end);
    this.rest = this.rest.substring(end + 1);
    this.broken = this.k == 1 && (this.key != this.name || this.value != "1");
    return !this.broken;
  }
}

/** Says whether a text is 1 to 18 digits. */
export function isNumber(s: string): bool {
  if (s.length < 1 || s.length > 18) return false;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}

/** A text of which isNumber is true. */
export function number(s: string): u64 { return U64.parseInt(s, 10); }

/** The same, signed. */
export function int(s: string): i64 { return I64.parseInt(s, 10); }

/** Says whether a text is 0 or 1. */
export function isFlag(s: string): bool { return s == "0" || s == "1"; }

/** Makes one line of a text. */
export function clean(s: string): string { return s.replaceAll("\n", " "); }

/** A number, which is 0 for one below that. */
export function decimal(n: i64): string { return max<i64>(n, 0).toString(); }
