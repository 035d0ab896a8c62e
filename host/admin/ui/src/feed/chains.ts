// "What just happened": all facts that follow from one cause, gathered into one line.
import { brief } from "../ui/parts";
import { eth, refusal, short, type Fact } from "./facts";

export type Tone = "plain" | "good" | "bad" | "warn" | "info";

/** What a step is; the line is told in this order, whatever came first. */
export type Kind = "act" | "quote" | "frame" | "reply";

const order: Record<Kind, number> = { act: 0, quote: 1, frame: 2, reply: 3 };

export interface Step {
  tone: Tone;
  text: string;
  kind: Kind;
}

export interface Chain {
  root: number;
  at: string;
  /** Who or what began it. */
  who: string;
  /** What it began with; the full text of a post. */
  what: string;
  tone: Tone;
  steps: Step[];
  /** From the cause to the frame that shows what followed. */
  millis?: number;
  shown: boolean; // worth a line
}

const kept = 400; // chains that may still grow
export const lines = 60; // chains on the page

/** Chains by root, newest last. */
export class Chains {
  private readonly byRoot = new Map<number, Chain>();
  private speech = new Map<number, number>(); // cue.raised of a line → root

  clear(): void {
    this.byRoot.clear();
    this.speech.clear();
  }

  /** Adds a fact and says whether a line on the page changed. */
  add(f: Fact): boolean {
    const root = f.root ?? f.seq;
    let c = this.byRoot.get(root);
    if (!c) {
      c = { root, at: f.ts, who: "", what: "", tone: "plain", steps: [], shown: false };
      this.byRoot.set(root, c);
      this.trim();
    }
    const next = { ...c, steps: [...c.steps] };
    if (!tell(next, f, this.speech)) return false;
    this.byRoot.set(root, next);
    return next.shown;
  }

  /** The newest lines, newest first. */
  list(): Chain[] {
    const out: Chain[] = [];
    for (const c of [...this.byRoot.values()].reverse()) {
      if (c.shown) out.push(c);
      if (out.length === lines) break;
    }
    return out;
  }

  private trim(): void {
    while (this.byRoot.size > kept) {
      const oldest = this.byRoot.keys().next().value as number;
      this.byRoot.delete(oldest);
    }
    while (this.speech.size > kept) this.speech.delete(this.speech.keys().next().value as number);
  }
}

const frame = (d: { frame: number }): string => `frame ${d.frame.toLocaleString("en")}`;

/** Puts one fact into its chain; false when it adds nothing. */
function tell(c: Chain, f: Fact, speech: Map<number, number>): boolean {
  const step = (tone: Tone, text: string, kind: Kind = "act") => {
    const after = c.steps.findIndex((s) => order[s.kind] > order[kind]);
    c.steps.splice(after < 0 ? c.steps.length : after, 0, { tone, text, kind });
    return true;
  };
  const head = (who: string, what: string, tone: Tone = "plain") => {
    if (c.who) return step(tone, [who, what].filter(Boolean).join(" "));
    Object.assign(c, { who, what, tone, shown: true });
    return true;
  };
  switch (f.topic) {
    case "post.received":
      head("@" + f.data.post.handle, f.data.post.text.replace(/^(@\w+\s+)+/, ""));
      c.shown = f.data.intent === "bid";
      return true;
    case "bid.accepted":
      c.shown = true;
      return step("good", `bid ${short(eth(f.data.amount))} ✓`);
    case "bid.refused":
      c.shown = true;
      return step("bad", `bid refused: ${refusal(f.data.reason)}`);
    case "lot.opened":
      return head("Lot opens", f.data.terms.title, "info");
    case "lot.extended":
      return head("soft close", `extended ×${f.data.count}${f.data.last ? ", the last time" : ""}`, "warn");
    case "lot.closing":
      return head("Clock", `${f.data.seconds} s left`, "warn");
    case "lot.paused":
      return head("bids on hold", "", "warn");
    case "lot.resumed":
      return head("bids taken again", "", "good");
    case "lot.sold":
      return head("Sold", `${f.data.title} to @${f.data.handle} for ${short(eth(f.data.amount))} ETH`, "good");
    case "lot.unsold":
      return head("Unsold", `${f.data.title}: ${f.data.reason.replaceAll("_", " ")}`, "warn");
    case "session.opened":
      return head("Session opens", f.data.name, "info");
    case "session.closed":
      return head("Session over", `${f.data.sold} sold, ${f.data.unsold} unsold`, "info");
    case "operator.acted":
      return head(f.data.who === "owner" ? "You" : f.data.who, f.data.what, "info");
    case "clock.ticked":
      c.who = "Clock";
      return true;
    case "show.started":
      return head("Show on air", "version " + f.data.version, "info");
    case "show.stopped":
      return head("Show off air", f.data.reason, "warn");
    case "output.up":
      return head(f.data.output, f.data.gap_ms ? `back after ${f.data.gap_ms} ms` : "up", "good");
    case "output.down":
      return head(f.data.output, "down: " + f.data.reason, "bad");
    case "plugin.swapped":
      head("Swap", `${f.data.from || "nobody"} → ${f.data.to}`, "good");
      return step("good", `slot empty for ${brief(f.data.pause_us)}`);
    case "plugin.trapped":
      return head(f.data.plugin, `failed on one fact: ${f.data.reason}`, "bad");
    case "plugin.rolled_back":
      return head("Roll-back", `${f.data.from ? `${f.data.from} ${f.data.from_version}` : "nobody"} → ${f.data.to} ${f.data.to_version}: ${f.data.why}`, "warn");
    case "plugin.stopped":
      return head(f.data.plugin, `off air, again in ${Math.ceil(f.data.retry_ms / 1000)} s: ${f.data.why}`, "bad");
    case "plugin.refused":
      return head(f.data.plugin, f.data.reason, "bad");
    case "character.refused":
      return head(f.data.character, f.data.reason, "bad");
    case "scenes.loaded":
      return head("Scenes", `${f.data.scenes.length} read, ${f.data.own.length} of your own`, "good");
    case "scenes.refused":
      return head("Scenes refused:", f.data.reason, "bad");
    case "cue.raised":
      if (f.data.cue.verb === "scene") {
        return step("info", `scene ${f.data.cue.name ?? ""}`);
      }
      if (f.data.cue.verb !== "say") return false;
      speech.set(f.seq, c.root);
      c.shown = true;
      return step("plain", f.data.cue.text ?? "", "quote");
    case "cue.shown":
      // The frame of the line that is spoken counts; until there is one, that of the first thing to be seen.
      if (c.millis !== undefined && !speech.has(f.cause ?? 0)) return false;
      c.millis = f.data.millis;
      c.steps = c.steps.filter((s) => s.kind !== "frame");
      return step("plain", frame(f.data), "frame");
    case "speech.started":
      // A line alone changes nothing that is seen: the frame with its first sample stands for it.
      if (c.steps.some((s) => s.kind === "frame")) return false;
      return step("plain", frame(f.data), "frame");
    case "cue.dropped":
      return f.data.cue.verb === "say" && c.shown ? step("warn", `line dropped: ${f.data.reason}`) : false;
    case "reply.sent":
      return step("plain", "@" + f.data.handle === c.who ? "replied" : `told @${f.data.handle}`, "reply");
    case "reply.failed":
      return step("bad", `reply failed: ${f.data.reason}`, "reply");
    default:
      return false;
  }
}
