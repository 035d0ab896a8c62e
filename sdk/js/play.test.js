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
  for (const [state, want] of [[{ m: new Map() }, /state at "m" is Map/], [{ n: 1n }, /a bigint/], [{ n: NaN }, /NaN/], [{ l: [1, , 3] }, /state at "1" is undefined/], [{ f() {} }, /a function/]]) {
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
  assert.equal(told("a\ud800b"), "0 a\ufffdb 0");
});

test("keys are those that the host takes", () => {
  const stage = new Stage(definePlugin({
    on: { "operator.acted": (_, show) => show.text("keys", ["", "\ud800", "k".repeat(129), "é".repeat(64), 5].map((k) => `${show.store.put(k, "v")} ${show.store.get(String(k))} ${show.store.why(k)}`).join()) },
  }));
  assert.equal(stage.play(event("operator.acted"))[0].text, "-4 undefined -1,-4 undefined -1,-4 undefined -1,0 v 0,0 v 0");
});

test("numbers become what the host makes of them", () => {
  // as host/plugin/wasm, TestScriptsAskForNumbers, has it of the engine
  const bar = (value) => play(definePlugin({ on: { "lot.sold": (_, show) => show.bar("b", value) } }), [event("lot.sold")])[0].value;
  const token = (value) => play(definePlugin({ on: { "lot.sold": (_, show) => show.timer(value, 1) } }), [event("lot.sold")])[0].token;
  for (const [value, number] of [
    [-1, -1], [-1n, -1], [-(10n ** 40n), -(2n ** 63n)], [2n ** 64n, 2n ** 63n - 1n], [1e300, 2n ** 63n - 1n], [Infinity, 2n ** 63n - 1n], [-Infinity, -(2n ** 63n)],
  ]) {
    assert.equal(bar(value), number, `of ${String(value)}`);
    assert.throws(() => token(value), { name: "RangeError", message: `show.timer: token wants a whole number from 0 to 18446744073709551615, not ${value}` });
  }
  for (const [value, number] of [[2.9, 2], [-0.5, 0], ["7", 7], [null, 0], [5n, 5], [2n ** 53n + 1n, 2n ** 53n + 1n], [2 ** 53 + 2, 2n ** 53n + 2n]]) {
    assert.deepEqual([bar(value), token(value)], [number, number], `of ${String(value)}`);
  }
  assert.equal(token(2n ** 64n - 1n), 2n ** 64n - 1n);
  for (const value of [NaN, "many", {}]) assert.throws(() => bar(value), { name: "TypeError", message: "show.bar: value is NaN; want a number" });
  const dice = (...n) => play(definePlugin({ on: { "lot.sold": (_, show) => show.text("n", n.map(show.random).join()) } }), [event("lot.sold", {}, { seq: 57 })])[0].text;
  assert.equal(dice(0, -3, 0.5, 1000n), "0,0,0,360"); // nothing is drawn for nothing
  assert.throws(() => dice([].lenght), { message: "show.random: n is NaN; want a number" });
});

test("fields of events are what the host makes of them", () => {
  const bid = event("bid.accepted", { handle: "a\ud800b", amountGwei: 5, count: "2", reserveMet: 1, closes: 2n ** 60n }, { seq: 7n, at: 3.5 });
  assert.deepEqual([bid.handle, bid.amountGwei, bid.count, bid.reserveMet, bid.closes, bid.seq, bid.at], ["a\ufffdb", 5n, 2, true, 2n ** 60n, 7, 3]);
  assert.equal(event("timer.fired", { token: 1n }).token, 1);
  assert.equal(event("post.received", { text: "鳥".repeat(4000) }).text.length, 2730);
  assert.throws(() => event("timer.fired", { token: -1 }), /timer.fired: token wants a whole number from 0/);
  assert.throws(() => event("bid.accepted", { amountGwei: "much" }), /bid.accepted: amountGwei is NaN/);
});

test("an event after a large one follows it", () => {
  const seqs = definePlugin({ on: { "lot.sold": (sold, show) => show.text("seq", sold.seq) } });
  assert.deepEqual(play(seqs, [event("lot.sold", {}, { seq: 2n ** 53n }), event("lot.sold")]).map((a) => a.text), ["9007199254740992", "9007199254740993"]);
});

test("what a handler throws undoes its event", () => {
  const shaky = definePlugin({
    state: { heard: [] },
    on: {
      "operator.acted"({ what }, show) {
        show.state.heard.push(what);
        show.store.put("last", what);
        show.text("last", what);
        if (what === "bad") throw new Error("told to fail");
      },
    },
  });
  const stage = new Stage(shaky);
  assert.equal(stage.play(event("operator.acted", { what: "good" })).length, 1);
  assert.throws(() => stage.play(event("operator.acted", { what: "bad" })), /told to fail/);
  assert.deepEqual([stage.state.heard, stage.store], [["good"], { last: "good" }]);
  assert.deepEqual(stage.play(event("operator.acted", { what: "more" })).map((a) => a.text), ["more"]);
});

test("commands are for handlers, which may be async; the rest may not", () => {
  for (const part of ["configure", "restore", "migrate"]) {
    const use = (f) => {
      const stage = new Stage(definePlugin({ on: {}, restore() {}, [part]: f }));
      if (part === "migrate") stage.migrate(1, new Uint8Array(1));
      else stage.restore(new Uint8Array(1));
    };
    assert.throws(() => use((...args) => args.at(-1).timer(1, 5)), /show.timer is for handlers/);
    assert.throws(() => use(async () => {}), new RegExp(`${part} is async; only handlers may be`));
  }
  const saves = new Stage(definePlugin({ on: { "lot.sold"() {} }, save: (show) => (show.post("nobody hears it"), "x") }));
  assert.equal(new TextDecoder().decode(saves.save()), "x");
  assert.deepEqual(saves.play(event("lot.sold")), []);
  assert.throws(() => new Stage(definePlugin({ on: {}, async save() {} })).save(), /save is async/);
});

test("time stands still between events as well", () => {
  const clock = () => `${Date.now()} ${new Date().getTime()} ${Date().slice(0, 24)} ${new Date(2020, 0).getTime()} ${new Date() instanceof Date} ${Math.random().toFixed(3)}`;
  const told = [];
  const stage = new Stage(definePlugin({ on: { "lot.sold"() {} }, configure: () => void told.push(clock()), save: () => clock() }));
  stage.play(event("lot.sold", {}, { seq: 9, at: 1_700_000_014_250 }));
  assert.equal(told[0], "0 0 Thu Jan 01 1970 00:00:00 1577836800000 true 0.883");
  for (const _ of [1, 2]) assert.equal(new TextDecoder().decode(stage.save()), "1700000014250 1700000014250 Tue Nov 14 2023 22:13:34 1577836800000 true 0.883");
});

test("bytes and texts are saved as they are", () => {
  const save = (value) => [...new Stage(definePlugin({ on: {}, save: () => value })).save()];
  assert.deepEqual(save(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)), [2, 3]);
  assert.deepEqual(save(new Uint16Array([258, 3])), [2, 1, 3, 0]);
  assert.deepEqual(save(new DataView(new Uint8Array([1, 2, 3]).buffer, 1)), [2, 3]);
  let got;
  const takes = new Stage(definePlugin({ on: {}, restore: (saved) => (got = [[...saved.bytes()], saved.text()]) && undefined }));
  takes.restore(Buffer.from("\ufeffab")); // in memory that it shares
  assert.deepEqual(got, [[0xef, 0xbb, 0xbf, 0x61, 0x62], "\ufeffab"]);
  const long = play(definePlugin({ on: { "lot.sold": (_, show) => show.post("\ufeff" + "x".repeat(9000)) } }), [event("lot.sold")])[0].text;
  assert.equal(long, "\ufeff" + "x".repeat(8189));
});

test("a predecessor that remembers nothing leaves nothing", () => {
  const stage = new Stage(definePlugin({ state: { bids: 3 }, on: {} }));
  stage.restore(new Stage(definePlugin({ on: {} })).save());
  assert.deepEqual(stage.state, { bids: 3 });
});

test("slips are told with the nearest right word", () => {
  assert.throws(() => definePlugin({ on: { "bid.acepted"() {} } }), /unknown event "bid.acepted"; did you mean "bid.accepted"\?/);
  assert.throws(() => definePlugin({ no: {} }), /a plugin has no part "no"; did you mean "on"\?/);
  assert.throws(() => new Stage(definePlugin({ on: { "lot.sold"() {} } }), { subscribes: ["bid.accepted"] }), /plugin.yaml does not subscribe to it/);
  assert.throws(() => event("bid.accepted", { ammount: "1" }), /has no "ammount"/);
  assert.throws(() => play(definePlugin({ on: { "lot.sold": (sold, show) => show.say(sold.handel) } }), [event("lot.sold")]), /lot.sold has no "handel"; did you mean "handle"\?/);
  assert.throws(() => play(definePlugin({ on: { async "lot.sold"() {} } }), [event("lot.sold")]), /is async/);
  for (const f of [function* () {}, async function* () {}]) {
    assert.throws(() => definePlugin({ on: { "lot.sold": f } }), /on\["lot.sold"\] is a generator, of which nobody would ask for the first step; take out the \*/);
    assert.throws(() => definePlugin({ on: {}, configure: f }), /configure is a generator/);
  }
  const typo = definePlugin({ on: { "lot.sold": (sold, show) => show.sya("x") } });
  assert.throws(() => play(typo, [event("lot.sold")]), /show has no "sya"; did you mean "say"\?/);
});
