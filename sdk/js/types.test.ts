// What must and must not compile: tsc -p sdk/js. The lines that must not are marked, and tsc complains if they do.
import { definePlugin, Priority } from "@sothebais/sdk";
import { event, play, Stage } from "@sothebais/sdk/play";

const plugin = definePlugin<{ bids: number }, { greeting: string }>({
  state: { bids: 0 },
  configure(config) {
    config.greeting.trim();
    // @ts-expect-error not in the configuration
    config.other;
  },
  on: {
    "bid.accepted"(bid, show) {
      show.state.bids += 1;
      show.say(`${bid.handle} ${bid.amountGwei + 1n}`, "happy", Priority.bid, bid.seq - 1);
      // @ts-expect-error no such field
      bid.ammount;
      // @ts-expect-error events cannot be changed
      bid.handle = "x";
      // @ts-expect-error the slot is missing
      show.text();
      // @ts-expect-error no such command
      show.sya("x");
      // @ts-expect-error not in the state
      show.state.other;
    },
    "timer.fired"(timer, show) {
      show.timer(timer.token, 1000);
      // @ts-expect-error it may be a BigInt
      timer.token + 1;
    },
    // @ts-expect-error nobody would ask it for its first step
    *"lot.sold"() {},
  },
  migrate: (version, old) => ({ bids: old.count * version }),
});

// @ts-expect-error no such event
definePlugin({ on: { "bid.acepted"() {} } });
// @ts-expect-error no such field
event("lot.sold", { ammount: "1" });

const stage = new Stage<{ bids: number }>(plugin, { config: { greeting: "hi" }, store: null });
stage.restore(stage.save());
play(plugin, [event("lot.sold", { handle: "ann" })])[0].command.trim();
