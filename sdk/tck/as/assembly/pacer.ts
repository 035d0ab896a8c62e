// Chooses the scene, without nervousness. What it does is written down, for every language, in
// sdk/tck/examples/README.md.
import { ClockTicked, Commands, Event, Kind, Level, Needs, Plugin, PowerDenied, SceneShown, register } from "@sothebais/sdk";
import { Reader, Writer, clean, int, isFlag, isNumber } from "./lines";
export * from "@sothebais/sdk/exports";

// The timers, by token.
const AFTER = 1; // a sale has been admired long enough
const LULL = 2; // nobody has bid for a while
const HOLD = 3; // somebody else's scene has stood long enough

const AFTER_MS: i64 = 6_000;
const LULL_MS: i64 = 45_000;
const HOLD_MS: i64 = 30_000;
const LEAST_MS: i64 = 5_000; // that a scene stays when bids come and go

// Heat: what a bid adds, what a second takes, and the two marks between which nothing changes.
const HEAT_OF_BID: i64 = 20;
const HEAT_LOST: i64 = 4;
const HOT: i64 = 60;
const COOL: i64 = 20;
const MOST_HEAT: i64 = 100;

// Posts a minute at which the chat comes and goes, and for how many ticks that must be so.
const BUSY_POSTS: i64 = 120;
const CALM_POSTS: i64 = 60;
const BUSY_TICKS: i64 = 3;
const CALM_TICKS: i64 = 5;

/** What it remembers. */
class Pace {
  want: string = ""; // scene that the rules want
  asked: string = ""; // scene that is, or will be, on program
  changed: i64 = 0; // when it last asked
  heat: i64 = 0;
  busy: i64 = 0;
  calm: i64 = 0;
  chat: bool = false;
  held: bool = false;
  told: bool = false;
  due: StaticArray<i64> = new StaticArray<i64>(HOLD + 1); // by token; 0 for not at all

  /** Reads a line of a state. */
  take(key: string, value: string): bool {
    if (key == "want") this.want = value;
    else if (key == "asked") this.asked = value;
    else if (key == "chat" && isFlag(value)) this.chat = value == "1";
    else if (key == "held" && isFlag(value)) this.held = value == "1";
    else if (key == "told" && isFlag(value)) this.told = value == "1";
    else if (key == "due") return this.takeDue(value);
    else return isNumber(value) && this.takeNumber(key, value);
    return true;
  }

  private takeNumber(key: string, value: string): bool {
    if (key == "changed") this.changed = int(value);
    else if (key == "heat") this.heat = int(value);
    else if (key == "busy") this.busy = int(value);
    else if (key == "calm") this.calm = int(value);
    else return false;
    return true;
  }

  private takeDue(value: string): bool {
    const at = value.substring(2);
    if (value.length < 3 || value.charAt(1) != " " || !isNumber(at)) return false;
    const token = value.charCodeAt(0) - 0x30;
    if (token < AFTER || token > HOLD) return false;
    this.due[token] = int(at);
    return true;
  }
}

class Pacer extends Plugin {
  private now: Pace = new Pace();
  private at: i64 = 0; // of the event at hand
  private out: Commands = new Commands();

  needs(): u64 { return Needs.Powers; }

  handle(e: Event, out: Commands): void {
    this.at = e.at;
    this.out = out;
    this.whatIsDue();
    if (e.kind == Kind.SessionOpened) {
      this.go("welcome", "fade", 800);
    } else if (e.kind == Kind.LotOpened) {
      this.cancel(AFTER);
      this.now.heat = 0;
      this.lot();
    } else if (e.kind == Kind.BidAccepted) {
      this.bid();
    } else if (e.kind == Kind.ClockTicked) {
      this.tick(ClockTicked.of(e).postsAMinute);
    } else if (e.kind == Kind.LotSold) {
      this.cancel(LULL);
      this.go("sold", "cut", 0);
      this.set(AFTER, AFTER_MS);
    } else if (e.kind == Kind.LotUnsold) {
      this.cancel(LULL);
      this.go("intermission", "fade", 800);
    } else if (e.kind == Kind.LotPaused) {
      this.cancel(LULL);
      this.go("break", "fade", 400);
    } else if (e.kind == Kind.LotResumed) {
      this.lot();
    } else if (e.kind == Kind.SceneShown) {
      this.sceneShown(clean(SceneShown.of(e).scene));
    } else if (e.kind == Kind.PowerDenied) {
      this.denied(PowerDenied.of(e));
    } else if (e.kind == Kind.SessionClosed) {
      this.cancel(AFTER);
      this.cancel(LULL);
      this.go("goodbye", "fade", 800);
    }
  }

  save(): Uint8Array {
    const p = this.now;
    const w = new Writer("pacer");
    w.line("want", p.want);
    w.line("asked", p.asked);
    w.int("changed", p.changed);
    w.int("heat", p.heat);
    w.int("busy", p.busy);
    w.int("calm", p.calm);
    w.flag("chat", p.chat);
    w.flag("held", p.held);
    w.flag("told", p.told);
    for (let token = AFTER; token <= HOLD; token++) {
      if (p.due[token] > 0) w.line("due", `${token} ${p.due[token]}`);
    }
    return w.bytes();
  }

  restore(state: Uint8Array): string {
    const next = new Pace();
    const r = new Reader("pacer", state);
    while (r.next()) {
      if (!next.take(r.key, r.value)) return r.refuse();
    }
    if (r.done() != "") return r.done();
    this.now = next;
    return "";
  }

  private whatIsDue(): void {
    const p = this.now;
    for (let token = AFTER; token <= HOLD; token++) {
      if (p.due[token] == 0 || p.due[token] > this.at) continue;
      p.due[token] = 0;
      if (token == AFTER) {
        this.go("intermission", "fade", 800);
      } else if (token == LULL) {
        if (p.want == "lot") this.go("gallery", "fade", 800);
      } else {
        p.held = false;
        if (p.want.length > 0) this.go(p.want, "fade", 400);
      }
    }
  }

  private set(token: i32, millis: i64): void {
    this.now.due[token] = this.at + millis;
    this.out.timer(token, millis);
  }

  private cancel(token: i32): void {
    if (this.now.due[token] == 0) return;
    this.now.due[token] = 0;
    this.out.timer(token, 0);
  }

  private go(scene: string, transition: string, millis: i64): void {
    const p = this.now;
    p.want = scene;
    if (p.held || p.asked == scene) return;
    p.asked = scene;
    p.changed = this.at;
    this.out.scene(scene, transition, millis);
  }

  private lot(): void {
    this.go("lot", "fade", 400);
    this.set(LULL, LULL_MS);
  }

  private rested(): bool { return this.at - this.now.changed >= LEAST_MS; }

  private bid(): void {
    const p = this.now;
    p.heat = min<i64>(p.heat + HEAT_OF_BID, MOST_HEAT);
    this.set(LULL, LULL_MS);
    if (p.want == "gallery") this.go("lot", "cut", 0);
    if (p.heat >= HOT && p.want == "lot" && this.rested()) this.go("duel", "cut", 0);
  }

  private tick(posts: i64): void {
    const p = this.now;
    p.heat = max<i64>(p.heat - HEAT_LOST, 0);
    if (p.heat <= COOL && p.want == "duel" && this.rested()) this.go("lot", "fade", 400);
    p.busy = posts >= BUSY_POSTS ? p.busy + 1 : 0;
    p.calm = posts < CALM_POSTS ? p.calm + 1 : 0;
    if (!p.chat && p.busy >= BUSY_TICKS) this.setChat(true);
    else if (p.chat && p.calm >= CALM_TICKS) this.setChat(false);
  }

  private setChat(on: bool): void {
    this.now.chat = on;
    this.out.show("chat", on);
  }

  private sceneShown(scene: string): void {
    if (scene == this.now.asked) return;
    this.now.held = true;
    this.now.asked = scene;
    this.set(HOLD, HOLD_MS);
  }

  private denied(d: PowerDenied): void {
    if (d.power != "timer" || this.now.told) return;
    this.now.told = true;
    this.out.log(Level.Warn, `no timers: ${clean(d.reason)}`);
  }
}

register(new Pacer());
