// The conformance plugin in AssemblyScript; ../go holds its twin. Both must leave the same commands.
import { BidAccepted, ClockTicked, Commands, Event, Kind, Level, Plugin, PostReceived, Priority, register } from "@sothebais/sdk";
export * from "@sothebais/sdk/exports";

class Conformance extends Plugin {
  bids: u64 = 0;
  greeting: string = "hello";

  configure(config: string): string {
    if (config == "fail") return "told to fail";
    if (config.length > 0) this.greeting = config;
    return "";
  }

  handle(e: Event, out: Commands): void {
    if (e.kind == Kind.BidAccepted) {
      const b = BidAccepted.of(e);
      this.bids++;
      out.say(`@${b.handle} bids ${b.amount}, number ${this.bids}`, "excited", Priority.Bid);
      out.text("price", `${b.amount} ETH`);
      out.text("bidder", b.handle);
      out.bar("time", b.count * 100);
      out.show("reserve-met", b.reserveMet);
      out.gesture("bounce");
    } else if (e.kind == Kind.PostReceived) {
      const p = PostReceived.of(e);
      out.reply(p.id, `${this.greeting} @${p.handle}: ${p.text.length > 0 ? p.text : "nothing"}`);
    } else if (e.kind == Kind.ClockTicked) {
      const t = ClockTicked.of(e);
      out.text("countdown", t.secondsLeft.toString());
      out.log(Level.Debug, `random ${e.random().n(1000)} at ${e.at} of ${e.seq}`);
      if (t.silentMs > 3000) {
        out.express("sleepy", 500);
        out.mood("calm", 40);
        out.scene("break", "fade", 250);
        out.sound("gavel");
        out.post("still here");
        out.sayAbout(e.seq - 1, "about what was", "calm", Priority.Idle);
        out.replyAbout(1 << 63, "17", "about what is not");
      }
    }
  }

  save(): Uint8Array {
    const b = new Uint8Array(8);
    store<u64>(b.dataStart, this.bids);
    return b;
  }

  restore(state: Uint8Array): string {
    if (state.length != 8) return `state of ${state.length} bytes, want 8`;
    this.bids = load<u64>(state.dataStart);
    return "";
  }
}

register(new Conformance());
