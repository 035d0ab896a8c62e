// A personality that knows its bidders. What it does is written down, for every language, in
// sdk/tck/examples/README.md.
import {
  BidAccepted, ClockTicked, Commands, Event, Kind, Level, LotSold, Needs, Plugin, Priority, Store, StoreResult, register,
} from "@sothebais/sdk";
import { Reader, Writer, isNumber, number } from "./lines";
export * from "@sothebais/sdk/exports";

const MOST_SEEN = 256;
const MOST_WAITING = 4;
const SILENCE: i64 = 2000; // milliseconds after which there is time for a newcomer

/** Somebody who is here for the first time. */
class Face {
  constructor(public seq: u64, public handle: string) {}
}

/** What is kept of a bidder for good. */
class Known {
  constructor(public visits: u64, public bids: u64, public wins: u64) {}

  static lookUp(account: string): Known {
    const value = Store.get("bidder/" + account); // why there is none is told when it is kept
    if (value === null) return new Known(0, 0, 0);
    const n = String.UTF8.decode(value.buffer.slice(value.byteOffset, value.byteOffset + value.length)).split(" ");
    if (n.length != 3 || !isNumber(n[0]) || !isNumber(n[1]) || !isNumber(n[2])) return new Known(0, 0, 0);
    return new Known(number(n[0]), number(n[1]), number(n[2]));
  }

  keep(account: string, handle: string, out: Commands): void {
    const value = String.UTF8.encode(`${this.visits} ${this.bids} ${this.wins}`);
    const result = Store.put("bidder/" + account, Uint8Array.wrap(value));
    if (result >= 0) return;
    let why = "denied";
    if (result == StoreResult.Full) why = "full";
    if (result == StoreResult.BadKey) why = "bad key";
    out.log(Level.Warn, `cannot remember @${handle}: ${why}`);
  }
}

/** Says whether a name can be kept in a line. */
function usable(s: string): bool { return s.length > 0 && !s.includes("\n"); }

/** Puts v at the end of a list, whose first entry makes room when it is full. */
function push<T>(list: T[], v: T, most: i32): void {
  if (list.length == most) list.shift();
  list.push(v);
}

class Regulars extends Plugin {
  private returned: u64 = 0;
  private seen: string[] = []; // accounts that have bid in this session
  private waiting: Face[] = []; // that nobody has greeted yet

  needs(): u64 { return Needs.Store; }

  handle(e: Event, out: Commands): void {
    if (e.kind == Kind.SessionOpened) {
      this.forget();
    } else if (e.kind == Kind.BidAccepted) {
      this.bid(BidAccepted.of(e), out);
    } else if (e.kind == Kind.LotSold) {
      this.sold(LotSold.of(e), out);
    } else if (e.kind == Kind.ClockTicked) {
      if (ClockTicked.of(e).silentMs < SILENCE || this.waiting.length == 0) return;
      const f = this.waiting.shift();
      out.sayAbout(f.seq, `A new face: welcome, @${f.handle}.`, "curious", Priority.Chat);
    } else if (e.kind == Kind.SessionClosed) {
      out.say(this.goodNight(), "calm", Priority.Lot);
      this.forget();
    }
  }

  save(): Uint8Array {
    const w = new Writer("regulars");
    w.number("returned", this.returned);
    for (let i = 0; i < this.seen.length; i++) w.line("seen", this.seen[i]);
    for (let i = 0; i < this.waiting.length; i++) w.line("waiting", `${this.waiting[i].seq} ${this.waiting[i].handle}`);
    return w.bytes();
  }

  restore(state: Uint8Array): string {
    const next = new Regulars();
    const r = new Reader("regulars", state);
    while (r.next()) {
      if (!next.take(r.key, r.value)) return r.refuse();
    }
    if (r.done() != "") return r.done();
    this.returned = next.returned;
    this.seen = next.seen;
    this.waiting = next.waiting;
    return "";
  }

  private forget(): void {
    this.returned = 0;
    this.seen = [];
    this.waiting = [];
  }

  private bid(b: BidAccepted, out: Commands): void {
    const account = b.bidder;
    const handle = b.handle;
    if (!usable(account) || !usable(handle)) return;
    const known = Known.lookUp(account);
    if (!this.seen.includes(account)) {
      push<string>(this.seen, account, MOST_SEEN);
      known.visits++;
      this.arrive(known.visits, b, out);
    }
    known.bids++;
    if (known.bids == 3 || known.bids == 10 || known.bids == 50 || known.bids == 100) {
      out.say(`That was bid number ${known.bids} of @${handle}.`, "impressed", Priority.Bid);
    }
    known.keep(account, handle, out);
  }

  /** Greets a bidder whose first bid of the session this is. */
  private arrive(visits: u64, b: BidAccepted, out: Commands): void {
    const h = b.handle;
    if (visits == 1) {
      push<Face>(this.waiting, new Face(b.seq, h), MOST_WAITING);
      return;
    }
    this.returned++;
    if (visits >= 5) {
      out.say(`Our dear regular @${h} is here, visit number ${visits}.`, "delighted", Priority.Bid);
      out.gesture("bow");
      return;
    }
    const greetings = [`Welcome back, @${h}.`, `@${h}, good to see you again.`, `There you are, @${h}. Visit number ${visits}.`];
    out.say(greetings[b.random().n(3)], "happy", Priority.Chat);
  }

  private sold(s: LotSold, out: Commands): void {
    const account = s.winner;
    const handle = s.handle;
    if (!usable(account) || !usable(handle)) return;
    const known = Known.lookUp(account);
    known.wins++;
    if (known.wins == 1) out.say(`A first win for @${handle}. Congratulations.`, "happy", Priority.Lot);
    else out.say(`@${handle} takes another one, win number ${known.wins}.`, "impressed", Priority.Lot);
    known.keep(account, handle, out);
  }

  private goodNight(): string {
    if (this.returned == 0) return "Good night, and come back soon.";
    if (this.returned == 1) return "Good night. One of you came back today.";
    return `Good night. ${this.returned} of you came back today.`;
  }

  /** Reads a line of a state. */
  private take(key: string, value: string): bool {
    if (key == "returned" && isNumber(value)) {
      this.returned = number(value);
    } else if (key == "seen" && value.length > 0) {
      push<string>(this.seen, value, MOST_SEEN);
    } else if (key == "waiting") {
      const space = value.indexOf(" ");
      if (space < 0 || space == value.length - 1 || !isNumber(value.substring(0, space))) return false;
      push<Face>(this.waiting, new Face(number(value.substring(0, space)), value.substring(space + 1)), MOST_WAITING);
    } else {
      return false;
    }
    return true;
  }
}

register(new Regulars());
