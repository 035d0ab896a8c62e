// An overlay: what is sold, for how much, and how long it still goes. What it does is written down, for every
// language, in sdk/tck/examples/README.md.
import {
  BidAccepted, ClockTicked, Commands, Event, Kind, LotExtended, LotOpened, LotSold, LotUnsold, Plugin, SessionClosed,
  SessionOpened, register,
} from "@sothebais/sdk";
import { Reader, Writer, clean, decimal, int, isFlag, isNumber, number } from "./lines";
export * from "@sothebais/sdk/exports";

const MOST_TICKER = 3;
const FLASH_TICKS: i64 = 5;
const HURRY_BELOW: i64 = 10; // seconds
const CALM_ABOVE: i64 = 15;
const MOST_SECONDS: i64 = 1_000_000;
const FULL: i64 = 1000; // of a bar
const NO_BAR: i64 = -1;

/** What it remembers. */
class Board {
  headline: string = "";
  start: u64 = 0; // gwei
  reserve: u64 = 0;
  duration: i64 = 0; // milliseconds
  met: bool = false;
  hurry: bool = false;
  flash: i64 = 0; // ticks until the headline comes back
  countdown: string = "";
  bar: i64 = NO_BAR; // of the time, as it was last shown
  ticker: string[] = []; // last bids, newest first

  /** Reads a line of a state. */
  take(key: string, value: string): bool {
    if (key == "headline") this.headline = value;
    else if (key == "countdown") this.countdown = value;
    else if (key == "met" && isFlag(value)) this.met = value == "1";
    else if (key == "hurry" && isFlag(value)) this.hurry = value == "1";
    else if (key == "ticker") { if (this.ticker.length < MOST_TICKER) this.ticker.push(value); }
    else return isNumber(value) && this.takeNumber(key, value);
    return true;
  }

  private takeNumber(key: string, value: string): bool {
    if (key == "start") this.start = number(value);
    else if (key == "reserve") this.reserve = number(value);
    else if (key == "duration") this.duration = int(value);
    else if (key == "flash") this.flash = int(value);
    else if (key == "bar") this.bar = int(value);
    else return false;
    return true;
  }
}

class Pricebug extends Plugin {
  private now: Board = new Board();

  handle(e: Event, out: Commands): void {
    if (e.kind == Kind.SessionOpened) {
      this.now = new Board();
      out.text("headline", clean(SessionOpened.of(e).name));
      clear(out, ["price", "leader", "ticker"]);
    } else if (e.kind == Kind.LotOpened) {
      this.lotOpened(LotOpened.of(e), out);
    } else if (e.kind == Kind.BidAccepted) {
      this.bid(BidAccepted.of(e), out);
    } else if (e.kind == Kind.ClockTicked) {
      this.tick(ClockTicked.of(e), out);
    } else if (e.kind == Kind.LotExtended) {
      const x = LotExtended.of(e);
      out.text("headline", extended(x.count, x.last));
      this.now.flash = FLASH_TICKS;
    } else if (e.kind == Kind.LotPaused) {
      this.now.flash = 0;
      out.text("headline", "Paused");
    } else if (e.kind == Kind.LotResumed) {
      out.text("headline", this.now.headline);
    } else if (e.kind == Kind.LotSold) {
      const s = LotSold.of(e);
      out.text("headline", `Sold to @${clean(s.handle)} for ${clean(s.amount)} ETH`);
      out.sound("hammer");
      this.lotOver(out);
    } else if (e.kind == Kind.LotUnsold) {
      out.text("headline", unsold(LotUnsold.of(e).reason));
      this.lotOver(out);
    } else if (e.kind == Kind.SessionClosed) {
      const s = SessionClosed.of(e);
      this.now = new Board();
      out.text("headline", `${decimal(s.sold)} ${s.sold == 1 ? "lot" : "lots"} sold for ${clean(s.total)} ETH`);
    }
  }

  save(): Uint8Array {
    const b = this.now;
    const w = new Writer("pricebug");
    w.line("headline", b.headline);
    w.number("start", b.start);
    w.number("reserve", b.reserve);
    w.int("duration", b.duration);
    w.flag("met", b.met);
    w.flag("hurry", b.hurry);
    w.int("flash", b.flash);
    w.line("countdown", b.countdown);
    if (b.bar != NO_BAR) w.int("bar", b.bar);
    for (let i = 0; i < b.ticker.length; i++) w.line("ticker", b.ticker[i]);
    return w.bytes();
  }

  restore(state: Uint8Array): string {
    const next = new Board();
    const r = new Reader("pricebug", state);
    while (r.next()) {
      if (!next.take(r.key, r.value)) return r.refuse();
    }
    if (r.done() != "") return r.done();
    this.now = next;
    return "";
  }

  private lotOpened(l: LotOpened, out: Commands): void {
    const b = new Board();
    b.start = l.startGwei;
    b.reserve = l.reserveGwei;
    b.duration = max<i64>(l.durationMs, 0);
    b.headline = `Lot ${decimal(l.number)}: ${clean(l.title)}`;
    if (l.artist.length > 0) b.headline += ` by ${clean(l.artist)}`;
    this.now = b;
    out.text("headline", b.headline);
    out.text("price", `from ${clean(l.start)} ETH`);
    clear(out, ["leader", "ticker", "rise"]);
    out.bar("reserve", 0);
    out.show("reserve-met", false);
    out.show("hurry", false);
  }

  private bid(b: BidAccepted, out: Commands): void {
    const amount = clean(b.amount);
    const handle = clean(b.handle);
    const now = this.now;
    out.text("price", `${amount} ETH`);
    out.text("leader", `@${handle}`);
    now.ticker.unshift(`@${handle} ${amount}`);
    if (now.ticker.length > MOST_TICKER) now.ticker.pop();
    out.text("ticker", now.ticker.join(" · "));
    const percent = this.rise(b.amountGwei);
    out.text("rise", percent > 0 ? `+${percent} %` : "");
    out.bar("reserve", this.ofReserve(b.amountGwei));
    if (b.reserveMet && !now.met) {
      now.met = true;
      out.show("reserve-met", true);
      out.sound("chime");
    }
  }

  /** How far a bid is above the start, in percent. */
  private rise(gwei: u64): u64 {
    const start = this.now.start;
    if (start == 0 || gwei <= start) return 0;
    return (gwei - start) / 1000 * 100 / max<u64>(start / 1000, 1);
  }

  /** How much of the reserve a bid is, in thousandths. */
  private ofReserve(gwei: u64): i64 {
    const a = gwei / 1000;
    const r = max<u64>(this.now.reserve / 1000, 1);
    return a >= r ? FULL : <i64>(a * <u64>FULL / r);
  }

  private tick(t: ClockTicked, out: Commands): void {
    const now = this.now;
    if (now.flash > 0) {
      now.flash--;
      if (now.flash == 0) out.text("headline", now.headline);
    }
    const n = min(t.secondsLeft, MOST_SECONDS);
    const c = countdown(n);
    if (c != now.countdown) {
      now.countdown = c;
      out.text("countdown", c);
    }
    if (n >= 0 && now.duration != 0) {
      const v = min<i64>(n * 1_000_000 / now.duration, FULL);
      if (v != now.bar) {
        now.bar = v;
        out.bar("time", v);
      }
    }
    if (!now.hurry && n >= 0 && n <= HURRY_BELOW) this.setHurry(true, out);
    else if (now.hurry && (n < 0 || n > CALM_ABOVE)) this.setHurry(false, out);
  }

  private setHurry(on: bool, out: Commands): void {
    this.now.hurry = on;
    out.show("hurry", on);
  }

  private lotOver(out: Commands): void {
    this.now.flash = 0;
    this.now.headline = "";
    if (this.now.countdown.length > 0) {
      this.now.countdown = "";
      out.text("countdown", "");
    }
    if (this.now.hurry) this.setHurry(false, out);
  }
}

/** Minutes and seconds, empty when nothing is open. */
function countdown(seconds: i64): string {
  return seconds < 0 ? "" : `${seconds / 60}:${(seconds % 60).toString().padStart(2, "0")}`;
}

function extended(count: i64, last: bool): string {
  const s = count == 1 ? "Extended once" : `Extended ${decimal(count)} times`;
  return last ? s + ", for the last time" : s;
}

function unsold(reason: string): string {
  if (reason == "no_bids") return "No bids";
  if (reason == "reserve_not_met") return "The reserve was not met";
  if (reason == "withdrawn") return "Withdrawn";
  return "Not sold";
}

function clear(out: Commands, slots: string[]): void {
  for (let i = 0; i < slots.length; i++) out.text(slots[i], "");
}

register(new Pricebug());
