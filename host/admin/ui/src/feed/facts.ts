// The facts of the show as they come over the feed: only the fields that the page reads.

interface Envelope<T extends string, D> {
  seq: number;
  topic: T;
  ts: string;
  cause?: number;
  root?: number;
  data: D;
}

interface CueData {
  from: string;
  verb: string;
  name?: string;
  text?: string;
}

interface BidFact {
  lot: string;
  handle: string;
  amount: string;
  minimum: string;
  post_id: string;
}

export type Fact =
  | Envelope<"post.received", { post: { handle: string; text: string }; intent: string }>
  | Envelope<"bid.accepted", BidFact & { count: number; reserve_met: boolean; closes: string; previous_handle?: string }>
  | Envelope<"bid.refused", BidFact & { reason: string; hint: string }>
  | Envelope<"lot.opened", { session: string; closes: string; terms: { lot: string; title: string } }>
  | Envelope<"lot.extended", { lot: string; closes: string; count: number; last: boolean }>
  | Envelope<"lot.closing", { lot: string; seconds: number }>
  | Envelope<"lot.paused", { lot: string; left_ns: number }>
  | Envelope<"lot.resumed", { lot: string; closes: string }>
  | Envelope<"lot.sold", { lot: string; title: string; handle: string; amount: string; bids: number }>
  | Envelope<"lot.unsold", { lot: string; title: string; reason: string }>
  | Envelope<"session.opened", { name: string }>
  | Envelope<"session.closed", { sold: number; unsold: number }>
  | Envelope<"clock.ticked", { lot?: string; seconds_left: number; silent_ms: number }>
  | Envelope<"cue.raised", { cue: CueData }>
  | Envelope<"cue.dropped", { cue: CueData; reason: string }>
  | Envelope<"cue.shown", { frame: number; millis: number }>
  | Envelope<"speech.started", { from: string; text: string; millis: number; frame: number }>
  | Envelope<"speech.ended", { text: string; cut?: boolean }>
  | Envelope<"scene.shown", { scene: string }>
  | Envelope<"character.shown", { character: string }>
  | Envelope<"character.refused", { character: string; reason: string }>
  | Envelope<"scenes.loaded", { scenes: string[]; own: string[] }>
  | Envelope<"scenes.refused", { reason: string }>
  | Envelope<"reply.sent", { handle: string; text: string }>
  | Envelope<"reply.failed", { handle: string; reason: string }>
  | Envelope<"output.up", { output: string; detail?: string; gap_ms?: number }>
  | Envelope<"output.down", { output: string; reason: string }>
  | Envelope<"operator.acted", { who: string; what: string }>
  | Envelope<"plugin.loaded", { slot: string; plugin: string; version: string }>
  | Envelope<"plugin.swapped", { slot: string; from: string; to: string; to_version: string; pause_us: number; state_bytes: number }>
  | Envelope<"plugin.trapped", { slot: string; plugin: string; reason: string; traps: number }>
  | Envelope<"plugin.rolled_back", { from: string; from_version: string; to: string; to_version: string; why: string }>
  | Envelope<"plugin.stopped", { plugin: string; why: string; retry_ms: number }>
  | Envelope<"plugin.shadowed" | "plugin.unshadowed" | "plugin.promoted" | "plugin.quarantined" | "plugin.retried" | "plugin.granted" | "plugin.revoked" | "plugin.power_asked" | "plugin.power_decided", { plugin: string }>
  | Envelope<"plugin.refused", { plugin: string; reason: string }>
  | Envelope<"show.started", { version: string }>
  | Envelope<"show.stopped", { reason: string }>;

/** Exact ETH of a decimal string of wei, without needless zeros. */
export function eth(wei: string): string {
  const digits = wei.padStart(19, "0");
  const frac = digits.slice(-18).replace(/0+$/, "");
  return digits.slice(0, -18) + (frac && "." + frac);
}

/** The same, cut after four places where it is shown large. */
export function short(amount: string): string {
  const [whole = "0", frac = ""] = amount.split(".");
  return frac.length > 4 ? `${whole}.${frac.slice(0, 4)}…` : amount;
}

const refusals: Record<string, string> = {
  too_low: "too low",
  below_start: "below the start",
  already_leads: "leads already",
  no_lot: "no lot open",
  closed: "after the hammer",
  paused: "bids on hold",
  unknown_bidder: "no account",
  ambiguous: "two readings",
  unsafe_text: "unsafe text",
  unknown_unit: "unknown unit",
  too_fine: "below one wei",
  out_of_range: "out of range",
  edited: "edited post",
  bad_format: "cannot be read",
  too_many: "too many posts",
};

/** Why a bid was refused, in words. */
export const refusal = (reason: string): string => refusals[reason] ?? reason.replaceAll("_", " ");
