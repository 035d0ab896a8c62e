// The conformance plugin in AssemblyScript; ../go holds its twin. Both must leave the same commands.
import {
  BidAccepted, ClockTicked, Commands, Event, FetchAnswered, Kind, Level, ModelAnswered, Needs, OperatorActed, Plugin, PostReceived, PowerDenied, Priority, Store, TimerFired,
  register,
} from "@sothebais/sdk";
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
      const random = e.random();
      out.log(Level.Debug, `random ${random.n(0) + random.n(1000)} at ${e.at} of ${e.seq}`);
      if (t.silentMs > 3000) {
        out.express("sleepy", 500);
        out.mood("calm", 40);
        out.scene("break", "fade", 250);
        out.sound("gavel");
        out.post("still here");
        out.sayAbout(e.seq - 1, "about what was", "calm", Priority.Idle);
        out.replyAbout(1 << 63, "17", "about what is not");
      }
    } else if (e.kind == Kind.OperatorActed) {
      this.operatorActed(OperatorActed.of(e).what.split(" "), out);
    } else {
      this.answered(e, out);
    }
  }

  // operatorActed does what it is told: with its store, or with its powers.
  private operatorActed(words: string[], out: Commands): void {
    if (words[0] == "keep" && words.length == 3) {
      out.log(Level.Info, `keep ${words[1]}: ${Store.put(words[1], bytes(words[2]))}`);
    } else if (words[0] == "recall" && words.length == 2) {
      const v = Store.get(words[1]);
      const text = v === null ? Store.why(words[1]).toString() : String.UTF8.decodeUnsafe(v.dataStart, v.length);
      out.log(Level.Info, `recall ${words[1]}: ${text}`);
    } else if (words[0] == "fail" && words.length == 3) {
      Store.put(words[1], bytes(words[2]));
      throw new Error("told to fail");
    } else if (words[0] == "powers") {
      out.timer(1, 1500);
      out.fetch(2, "POST", "https://a.example/b", "Accept: text/plain", "what is sent");
      out.ask(3, "be kind", "hello", "{}", 100);
    }
  }

  private answered(e: Event, out: Commands): void {
    if (e.kind == Kind.TimerFired) {
      out.text("timer", TimerFired.of(e).token.toString());
    } else if (e.kind == Kind.FetchAnswered) {
      const f = FetchAnswered.of(e);
      out.text("fetch", `${f.token} ${f.ok} ${f.status} ${f.type} ${f.body} ${f.reason}`);
    } else if (e.kind == Kind.ModelAnswered) {
      const m = ModelAnswered.of(e);
      out.text("ask", `${m.token} ${m.ok} ${m.text} ${m.tokens} ${m.reason}`);
    } else if (e.kind == Kind.PowerDenied) {
      const d = PowerDenied.of(e);
      out.text("denied", `${d.token} ${d.power} ${d.reason}`);
    }
  }

  needs(): u64 { return Needs.Store | Needs.Powers; }

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

  // migrate takes the state of a version whose count had four bytes.
  migrate(version: u32, state: Uint8Array): string {
    if (version != 1 || state.length != 4) return `state of version ${version} and ${state.length} bytes, want 1 and 4`;
    this.bids = load<u32>(state.dataStart);
    return "";
  }
}

function bytes(s: string): Uint8Array { return Uint8Array.wrap(String.UTF8.encode(s)); }

register(new Conformance());
