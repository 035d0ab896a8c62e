// What the control room knows: snapshots from the API, kept up to date by the feed.
//
// Facts are taken in as they come, which is cheap; the page is told once an
// animation frame, and only of the parts that changed. So it stays smooth at
// thousands of facts a second.
import { api, type Bid, type Block, type Consent, type Lot, type Plugin, type Show, type Stage } from "../api/client";
import { Chains, type Chain } from "./chains";
import { eth, type Fact } from "./facts";
import { Feed, type Link } from "./feed";

export interface Point {
  at: number;
  eth: number;
}

export interface Speech {
  text: string;
  from: string;
  ends: number; // by the page's clock
}

export interface Parts {
  link: Link;
  show: Show | null;
  stage: Stage | null;
  block: Block | null;
  bids: Bid[];
  points: Point[];
  plugins: Plugin[];
  /** What plugins ask for and wait for a yes or no. */
  consents: Consent[];
  /** Rises with whatever happens to a plugin, so that what is asked of the API about them is asked anew. */
  cast: number;
  chains: Chain[];
  speech: Speech | null;
  /** Facts a second, newest last. */
  pulse: number[];
  /** The time by the program's clock, once a second: one timer for all that shows how long ago something was. */
  second: number;
}

type Name = keyof Parts;

const keptBids = 40; // of those taken, and as many of those refused, so that neither pushes the other out
const poll = 5_000;
const listPace = 100;
const castPace = 250;
const unseenPace = 500;
const flood = 200; // facts a second from which rows come without ado
const pulseLength = 32;

export class Room {
  private parts: Parts = { link: "connecting", show: null, stage: null, block: null, bids: [], points: [], plugins: [], consents: [], cast: 0, chains: [], speech: null, pulse: [], second: Date.now() };
  private dirty = new Set<Name>();
  private listeners = new Map<Name, Set<() => void>>();
  private frame = 0;
  private unseen = 0;
  private casting = 0;
  private readonly chains = new Chains();
  private chainsMoved = false;
  private bidsMoved = false;
  private snapshot = Number.MAX_SAFE_INTEGER; // facts up to here are in the snapshot already
  private waiting: Fact[] | null = [];
  private listed = 0; // when the long lists were drawn
  private count = 0;
  private timers: number[] = [];
  private fetching = false;
  private wasLive = false;
  /** Server clock minus ours. */
  skew = 0;

  private readonly feed = new Feed({
    facts: (list) => (this.waiting ? this.waiting.push(...list) : this.take(list)),
    link: (state) => this.linked(state),
    clock: (now) => {
      this.skew = now - Date.now();
    },
    refetch: () => void this.refetch(true),
  });

  constructor(private readonly loggedOut: () => void) {}

  start(): void {
    this.feed.open();
    void this.refetch(false);
    this.timers = [
      window.setInterval(() => void this.refresh(), poll),
      window.setInterval(() => this.beat(), 1000),
    ];
  }

  stop(): void {
    this.feed.close();
    this.timers.forEach(clearInterval);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.unseen);
    clearTimeout(this.casting);
  }

  get<N extends Name>(name: N): Parts[N] {
    return this.parts[name];
  }

  subscribe(name: Name, fn: () => void): () => void {
    let set = this.listeners.get(name);
    if (!set) this.listeners.set(name, (set = new Set()));
    set.add(fn);
    return () => set.delete(fn);
  }

  /** The time by the program's clock. */
  now(): number {
    return Date.now() + this.skew;
  }

  private set<N extends Name>(name: N, value: Parts[N]): void {
    this.put(name, value);
    this.schedule();
  }

  private put<N extends Name>(name: N, value: Parts[N]): void {
    this.parts[name] = value;
    this.dirty.add(name);
  }

  /** Once a frame; a page that is not drawn keeps up by the clock. */
  private schedule(): void {
    if (this.frame) return;
    const run = () => {
      cancelAnimationFrame(this.frame);
      clearTimeout(this.unseen);
      this.frame = 0;
      this.flush();
    };
    this.frame = requestAnimationFrame(run);
    this.unseen = window.setTimeout(run, unseenPace);
  }

  private flush(): void {
    this.flushLists();
    const changed = [...this.dirty];
    this.dirty.clear();
    for (const name of changed) this.listeners.get(name)?.forEach((fn) => fn());
  }

  /** The long lists are drawn at once when it is quiet, and ten times a second in a flood. */
  private flushLists(): void {
    if (!this.chainsMoved && !this.bidsMoved) return;
    const now = performance.now();
    if (now - this.listed < listPace) {
      this.schedule();
      return;
    }
    this.listed = now;
    if (this.chainsMoved) this.put("chains", this.chains.list());
    if (this.bidsMoved) this.put("bids", trim(this.parts.bids));
    this.chainsMoved = this.bidsMoved = false;
  }

  private linked(state: Link): void {
    this.set("link", state);
    if (state === "logged-out") this.loggedOut();
    if (state !== "live") return;
    if (this.wasLive) void this.refetch(false); // the program may be another one by now
    this.wasLive = true;
  }

  /** Fetches the whole picture; facts that come meanwhile wait for it. */
  private async refetch(startOver: boolean): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    this.waiting ??= [];
    if (startOver) {
      this.chains.clear();
      this.chainsMoved = true;
    }
    try {
      const show = await api.show();
      this.snapshot = show.last_seq;
      this.skew = Date.parse(show.now) - Date.now();
      this.set("show", show);
      const [stage, block, plugins, consents] = await Promise.all([api.stage(), api.block(), api.plugins(), api.consents()]);
      this.set("stage", stage);
      this.set("plugins", plugins);
      this.set("consents", consents);
      await this.lotChanged(block);
      if (show.saying) this.set("speech", { text: show.saying, from: show.character, ends: Date.now() + 4000 });
    } catch (err) {
      this.failed(err);
    } finally {
      this.fetching = false;
      const waited = this.waiting ?? [];
      this.waiting = null;
      this.take(waited);
    }
  }

  private async lotChanged(block: Block): Promise<void> {
    this.set("block", block);
    const lot = block.lot ?? block.last;
    const bids = lot ? await api.bids(lot.id) : [];
    this.set("bids", trim(bids));
    const taken = bids.filter((b) => b.accepted).reverse();
    this.set("points", taken.map((b) => ({ at: Date.parse(b.at), eth: Number(b.amount.eth) })));
  }

  /** What no fact tells: frames, viewers, times of plugins. */
  private async refresh(): Promise<void> {
    if (document.hidden || this.parts.link !== "live") return;
    try {
      const [show, plugins] = await Promise.all([api.show(), api.plugins()]);
      this.set("show", show);
      this.set("plugins", plugins);
    } catch (err) {
      this.failed(err);
    }
  }

  /** A session that is over ends the page, whoever found out. */
  failed(err: unknown): void {
    if ((err as { status?: number }).status === 401) this.loggedOut();
  }

  private beat(): void {
    this.set("pulse", [...this.parts.pulse.slice(1 - pulseLength), this.count]);
    document.documentElement.toggleAttribute("data-flood", this.count > flood);
    this.count = 0;
    this.set("second", this.now());
    if (this.parts.speech && this.parts.speech.ends < Date.now()) this.set("speech", null);
  }

  private take(list: Fact[]): void {
    this.count += list.length;
    for (const f of list) {
      if (this.chains.add(f)) this.chainsMoved = true;
      if (f.seq > this.snapshot) this.apply(f);
    }
    this.schedule();
  }

  private apply(f: Fact): void {
    switch (f.topic) {
      case "bid.accepted":
        this.bid({ seq: f.seq, at: f.ts, handle: f.data.handle, amount: { wei: f.data.amount, eth: eth(f.data.amount) }, accepted: true, post_id: f.data.post_id });
        this.lot(f.data.lot, (l) => ({
          ...l, price: { wei: f.data.amount, eth: eth(f.data.amount) }, minimum: { wei: f.data.minimum, eth: eth(f.data.minimum) },
          leader: f.data.handle, bids: f.data.count, reserve_met: f.data.reserve_met, closes: f.data.closes,
        }));
        break;
      case "bid.refused":
        this.bid({
          seq: f.seq, at: f.ts, handle: f.data.handle, amount: { wei: f.data.amount, eth: eth(f.data.amount) }, accepted: false,
          reason: f.data.reason, hint: f.data.hint, post_id: f.data.post_id,
        });
        break;
      case "lot.opened":
      case "session.opened":
      case "session.closed":
        void this.reload();
        break;
      case "lot.extended":
        this.lot(f.data.lot, (l) => ({ ...l, closes: f.data.closes, extensions: f.data.count }));
        break;
      case "lot.paused":
        this.lot(f.data.lot, (l) => ({ ...l, state: "paused", closes: undefined, left_ms: f.data.left_ns / 1e6 }));
        break;
      case "lot.resumed":
        this.lot(f.data.lot, (l) => ({ ...l, state: "open", closes: f.data.closes }));
        break;
      case "lot.sold":
        this.lot(f.data.lot, (l) => ({ ...l, state: "sold", closes: undefined, left_ms: 0 }));
        break;
      case "lot.unsold":
        this.lot(f.data.lot, (l) => ({ ...l, state: "unsold", closes: undefined, left_ms: 0 }));
        break;
      case "scene.shown":
        this.onShow({ scene: f.data.scene });
        break;
      case "character.shown":
        this.onShow({ character: f.data.character });
        break;
      case "cue.raised":
        if (f.data.cue.verb === "mood") this.onShow({ mood: f.data.cue.name ?? "" });
        break;
      case "speech.started":
        this.set("speech", { text: f.data.text, from: f.data.from, ends: Date.now() + f.data.millis + 1500 });
        break;
      case "speech.ended":
        if (this.parts.speech?.text === f.data.text) this.set("speech", null);
        break;
      case "output.up":
        this.outside(f.data.output, true, f.data.detail ?? "", f.ts);
        break;
      case "output.down":
        this.outside(f.data.output, false, f.data.reason, f.ts);
        break;
      default:
        if (f.topic.startsWith("plugin.")) this.recast();
    }
  }

  private bid(b: Bid): void {
    const { bids, points, block } = this.parts;
    if (bids[0] && b.seq <= bids[0].seq) return;
    bids.unshift(b);
    if (bids.length > 16 * keptBids) this.parts.bids = trim(bids); // a page that is hidden draws no frames
    this.bidsMoved = true;
    if (b.accepted && block?.lot) this.set("points", [...points.slice(-199), { at: Date.parse(b.at), eth: Number(b.amount.eth) }]);
  }

  private lot(id: string, change: (l: Lot) => Lot): void {
    const { block } = this.parts;
    if (block?.lot?.id === id) this.set("block", { ...block, lot: change(block.lot) });
  }

  private onShow(change: Partial<Show>): void {
    if (this.parts.show) this.set("show", { ...this.parts.show, ...change });
  }

  private outside(name: string, up: boolean, detail: string, since: string): void {
    const { show } = this.parts;
    if (!show) return;
    const rest = show.links.filter((l) => l.name !== name);
    const at = show.links.findIndex((l) => l.name === name);
    rest.splice(at < 0 ? rest.length : at, 0, { name, up, detail, since });
    this.set("show", { ...show, links: rest });
  }

  private async reload(): Promise<void> {
    try {
      await this.lotChanged(await api.block());
    } catch (err) {
      this.failed(err);
    }
  }

  /** Plugins that fail in a row make many facts; they are asked for four times a second at most. */
  private recast(): void {
    this.casting ||= window.setTimeout(() => {
      this.casting = 0;
      this.set("cast", this.parts.cast + 1);
      void this.replug();
    }, castPace);
  }

  /** Asks for the plugins anew, after one changed. */
  async replug(): Promise<void> {
    try {
      const [plugins, consents] = await Promise.all([api.plugins(), api.consents()]);
      this.set("plugins", plugins);
      this.set("consents", consents);
    } catch (err) {
      this.failed(err);
    }
  }
}

/** The newest bids of either kind. */
function trim(bids: Bid[]): Bid[] {
  let taken = 0;
  let refused = 0;
  return bids.filter((b) => (b.accepted ? ++taken : ++refused) <= keptBids);
}
