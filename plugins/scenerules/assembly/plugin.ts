// Which scene is on program, and when.
//
// The rules keep the scene they asked for last and ask again only when it changes, so that an operator who takes
// another scene keeps it until something happens.
import { Plugin, Event, Commands, Kind, SessionOpened, LotOpened, LotExtended, LotClosing, LotSold, LotUnsold, ClockTicked, register } from "@sothebais/sdk";
export * from "@sothebais/sdk/exports";

/** A lot is closing when this many seconds are left. */
const CLOSING_SECONDS: i64 = 60;
/** How long the result of a lot is shown before the break. */
const RESULT_MILLIS: i64 = 6000;
/** Ticks without a lot after which a result must have been missed. */
const MISSED_TICKS: i32 = 3;

class SceneRules extends Plugin {
  /** asked for last */
  scene: string = "";
  /** on the block; empty when none is */
  lot: string = "";
  /** the lot that was decided last: ticks that still speak of it are late */
  decided: string = "";
  decidedAt: i64 = 0;
  /** ticks in a row without a lot */
  idle: i32 = 0;

  handle(e: Event, out: Commands): void {
    const scene = this.wanted(e);
    if (scene == this.scene) return;
    this.scene = scene;
    out.scene(scene, "", 0);
  }

  /** The scene that fits what is known after e. */
  wanted(e: Event): string {
    switch (e.kind) {
      case Kind.SessionOpened:
        return this.lot == "" ? "opening" : this.scene;
      case Kind.LotOpened:
        this.lot = LotOpened.of(e).lot;
        this.idle = 0;
        return "lot";
      case Kind.LotClosing:
        return LotClosing.of(e).seconds <= CLOSING_SECONDS ? "closing" : this.scene;
      case Kind.LotExtended:
        return LotExtended.of(e).closes - e.at > CLOSING_SECONDS * 1000 ? "lot" : this.scene;
      case Kind.LotSold:
        return this.decide(e, LotSold.of(e).lot, "sold");
      case Kind.LotUnsold:
        return this.decide(e, LotUnsold.of(e).lot, "unsold");
      case Kind.ClockTicked:
        return this.tick(ClockTicked.of(e));
      default:
        return this.scene;
    }
  }

  decide(e: Event, lot: string, scene: string): string {
    this.lot = "";
    this.decided = lot;
    this.decidedAt = e.at;
    this.idle = 0;
    return scene;
  }

  tick(e: ClockTicked): string {
    const lot = e.lot;
    if (lot != "" && lot != this.decided) return this.running(lot, e.secondsLeft);
    this.idle++;
    const result = this.scene == "sold" || this.scene == "unsold";
    if (result) return e.at - this.decidedAt >= RESULT_MILLIS ? "break" : this.scene;
    if (this.scene == "" || this.scene == "opening" || this.idle < MISSED_TICKS) return this.scene;
    this.lot = "";
    return "break";
  }

  /** A lot is open: the tick finds out what was missed while this plugin was not here. */
  running(lot: string, left: i64): string {
    const known = this.lot == lot;
    this.lot = lot;
    this.idle = 0;
    if (left > CLOSING_SECONDS) return "lot";
    return known ? this.scene : "closing"; // the mark itself comes as lot.closing
  }

  save(): Uint8Array {
    const text = ["1", this.scene, this.lot, this.decided, this.decidedAt.toString(), this.idle.toString()].join("\n");
    return Uint8Array.wrap(String.UTF8.encode(text));
  }

  restore(state: Uint8Array): string {
    const parts = String.UTF8.decodeUnsafe(state.dataStart, state.length).split("\n");
    if (parts.length != 6 || parts[0] != "1") return "not a state of the scene rules, version 1";
    this.scene = parts[1];
    this.lot = parts[2];
    this.decided = parts[3];
    this.decidedAt = I64.parseInt(parts[4]);
    this.idle = I32.parseInt(parts[5]);
    return "";
  }
}

register(new SceneRules());
