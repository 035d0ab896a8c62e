// The conformance plugin in JavaScript; ../../go/examples/conformance is its twin.
import { definePlugin, Level, Priority } from "@sothebais/sdk";

let bids = 0;
let greeting = "hello";

const bytes = (n, size) => Uint8Array.from({ length: size }, (_, i) => Math.floor(n / 256 ** i) % 256);
const number = (b) => b.reduceRight((n, byte) => n * 256 + byte, 0);

export default definePlugin({
  configure(config) {
    if (config === "fail") throw "told to fail";
    greeting = config ?? greeting;
  },
  on: {
    "bid.accepted"(bid, show) {
      bids++;
      show.say(`@${bid.handle} bids ${bid.amount}, number ${bids}`, "excited", Priority.bid);
      show.text("price", `${bid.amount} ETH`);
      show.text("bidder", bid.handle);
      show.bar("time", bid.count * 100);
      show.show("reserve-met", bid.reserveMet);
      show.gesture("bounce");
    },
    "post.received": (post, show) => show.reply(post.id, `${greeting} @${post.handle}: ${post.text || "nothing"}`),
    "clock.ticked"(tick, show) {
      show.text("countdown", tick.secondsLeft);
      show.log(Level.debug, `random ${show.random(0) + show.random(1000)} at ${Date.now()} of ${tick.seq}`);
      if (tick.silentMs > 3000) {
        show.express("sleepy", 500);
        show.mood("calm", 40);
        show.scene("break", "fade", 250);
        show.sound("gavel");
        show.post("still here");
        show.say("about what was", "calm", Priority.idle, tick.seq - 1);
        show.reply("17", "about what is not", 2n ** 63n);
      }
    },
    "operator.acted"({ what }, show) {
      const [verb, key, value, more] = what.split(" ");
      if (verb === "keep" && value !== undefined && more === undefined) {
        show.log(Level.info, `keep ${key}: ${show.store.put(key, value)}`);
      } else if (verb === "recall" && key !== undefined && value === undefined) {
        show.log(Level.info, `recall ${key}: ${show.store.get(key) ?? show.store.why(key)}`);
      } else if (verb === "fail" && value !== undefined) {
        show.store.put(key, value);
        throw new Error("told to fail");
      } else if (verb === "powers") {
        show.timer(1, 1500);
        show.fetch(2, "POST", "https://a.example/b", "Accept: text/plain", "what is sent");
        show.ask(3, "be kind", "hello", "{}", 100);
      }
    },
    "timer.fired": (timer, show) => show.text("timer", timer.token),
    "fetch.answered": (f, show) => show.text("fetch", `${f.token} ${f.ok} ${f.status} ${f.type} ${f.body} ${f.reason}`),
    "model.answered": (m, show) => show.text("ask", `${m.token} ${m.ok} ${m.text} ${m.tokens} ${m.reason}`),
    "power.denied": (d, show) => show.text("denied", `${d.token} ${d.power} ${d.reason}`),
  },
  save: () => bytes(bids, 8),
  restore(saved) {
    const state = saved.bytes();
    if (state.length !== 8) throw `state of ${state.length} bytes, want 8`;
    bids = number(state);
  },
  migrate(version, saved) {
    const state = saved.bytes();
    if (version !== 1 || state.length !== 4) throw `state of version ${version} and ${state.length} bytes, want 1 and 4`;
    bids = number(state);
  },
});
