import assert from "node:assert/strict";
import { test } from "node:test";
import { definePlugin, Priority } from "@sothebais/sdk";
import { event, play, Stage } from "@sothebais/sdk/play";

const counter = definePlugin({
  state: { bids: 0 },
  on: {
    "bid.accepted"(bid, show) {
      show.state.bids++;
      show.say(`@${bid.handle} bids ${bid.amount}`, "excited", Priority.bid);
    },
    "clock.ticked": (tick, show) => show.text("now", `${show.random(1000)} ${Date.now()} ${new Date().toISOString()}`),
  },
});

test("commands carry what was asked and why", () => {
  assert.deepEqual(play(counter, [event("bid.accepted", { handle: "ann", amount: "1.5" }, { seq: 8 })]), [
    { event: 8, command: "say", text: "@ann bids 1.5", mood: "excited", priority: 50, about: 0 },
  ]);
});

test("time and chance are those of the event", () => {
  // as sdk/tck/testdata/transcript.golden has it for the same event
  const [asked] = play(counter, [event("clock.ticked", {}, { seq: 57, at: 1_700_000_014_250 })]);
  assert.equal(asked.text, "360 1700000014250 2023-11-14T22:13:34.250Z");
  assert.ok(Date.now() > 1_700_000_014_250);
});

test("state goes to a successor, with its keys in order", () => {
  const a = new Stage(counter);
  a.play(event("bid.accepted"), event("bid.accepted"));
  assert.equal(new TextDecoder().decode(a.save()), '{"bids":2}');
  const next = definePlugin({ state: { bids: 0, best: 1 }, on: {}, migrate: (version, old) => ({ bids: old.bids * version }) });
  const b = new Stage(next);
  b.restore(a.save());
  assert.deepEqual(b.state, { best: 1, bids: 2 });
  b.migrate(5, a.save());
  assert.deepEqual(b.state, { best: 1, bids: 10 });
  assert.throws(() => b.restore(new TextEncoder().encode("{")), /the state is not JSON/);
});

test("state that JSON would lose is refused", () => {
  for (const [state, want] of [[{ m: new Map() }, /state at "m" is Map/], [{ n: 1n }, /a bigint/], [{ n: NaN }, /NaN/], [{ f() {} }, /a function/]]) {
    assert.throws(() => new Stage(definePlugin({ state, on: {} })), want);
  }
});

test("the store has a quota, and may be closed", () => {
  const keeper = definePlugin({
    on: { "operator.acted": ({ what }, show) => show.text("store", `${show.store.put("k", what)} ${show.store.get("k")} ${show.store.why("k")}`) },
  });
  const told = (what, store) => play(keeper, [event("operator.acted", { what })], { store })[0].text;
  assert.equal(told("abc"), "0 abc 0");
  assert.equal(told("abc", { quota: 3 }), "-3 undefined -1");
  assert.equal(told("abc", null), "-2 undefined -2");
  assert.equal(told("", { content: { k: "old" } }), "0 undefined -1");
});

test("slips are told with the nearest right word", () => {
  assert.throws(() => definePlugin({ on: { "bid.acepted"() {} } }), /unknown event "bid.acepted"; did you mean "bid.accepted"\?/);
  assert.throws(() => definePlugin({ no: {} }), /a plugin has no part "no"; did you mean "on"\?/);
  assert.throws(() => new Stage(definePlugin({ on: { "lot.sold"() {} } }), { subscribes: ["bid.accepted"] }), /plugin.yaml does not subscribe to it/);
  assert.throws(() => event("bid.accepted", { ammount: "1" }), /has no "ammount"/);
  assert.throws(() => play(definePlugin({ on: { "lot.sold": (sold, show) => show.say(sold.handel) } }), [event("lot.sold")]), /lot.sold has no "handel"; did you mean "handle"\?/);
  assert.throws(() => play(definePlugin({ on: { async "lot.sold"() {} } }), [event("lot.sold")]), /is async/);
  const typo = definePlugin({ on: { "lot.sold": (sold, show) => show.sya("x") } });
  assert.throws(() => play(typo, [event("lot.sold")]), /show has no "sya"; did you mean "say"\?/);
});
