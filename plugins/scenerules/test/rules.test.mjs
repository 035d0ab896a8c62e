import { test } from "node:test";
import assert from "node:assert/strict";
import { load } from "./host.mjs";

const T = 1_800_000_000_000;

/** Plays [seconds, event, fields] in turn; gives "seconds scene" for each change. */
function scenes(guest, story) {
  return story.flatMap(([s, name, fields]) => guest.play(name, T + s * 1000, fields).map((c) => `${s} ${c.replace(/ +0$/, "")}`));
}
const tick = (s, lot, left) => [s, "clock.ticked", { lot, seconds_left: left }];

test("a lot from opening to break", async () => {
  const got = scenes(await load(), [
    [0, "session.opened", { session: "s" }],
    tick(1, "", -1),
    tick(9, "", -1),
    [10, "lot.opened", { lot: "a" }],
    tick(11, "a", 119),
    [70, "lot.closing", { lot: "a", seconds: 60 }],
    tick(71, "a", 59),
    [80, "lot.extended", { lot: "a", closes: T + 150_000 }],
    tick(81, "a", 69),
    [90, "lot.closing", { lot: "a", seconds: 60 }],
    [95, "lot.extended", { lot: "a", closes: T + 115_000 }],
    [150, "lot.sold", { lot: "a" }],
    tick(151, "a", 0), // late
    tick(155, "", -1),
    tick(156, "", -1),
    tick(157, "", -1),
    [162, "lot.opened", { lot: "b" }],
    [200, "lot.unsold", { lot: "b" }],
    tick(206, "", -1),
    [207, "session.closed", {}],
  ]);
  assert.deepEqual(got, ["0 scene opening", "10 scene lot", "70 scene closing", "80 scene lot", "90 scene closing", "150 scene sold", "156 scene break",
    "162 scene lot", "200 scene unsold", "206 scene break"]);
});

test("a plugin that comes in the middle finds its scene", async () => {
  assert.deepEqual(scenes(await load(), [tick(0, "a", 100), tick(1, "a", 99)]), ["0 scene lot"]);
  assert.deepEqual(scenes(await load(), [tick(0, "a", 20), tick(1, "a", 19)]), ["0 scene closing"]);
  assert.deepEqual(scenes(await load(), [tick(0, "", -1), tick(1, "", -1), tick(2, "", -1), tick(3, "", -1)]), [], "knowing nothing, it leaves the scene alone");
});

test("a hammer that was missed ends in a break", async () => {
  const got = scenes(await load(), [[0, "lot.opened", { lot: "a" }], tick(1, "", -1), tick(2, "", -1), tick(3, "", -1), tick(4, "b", 90)]);
  assert.deepEqual(got, ["0 scene lot", "3 scene break", "4 scene lot"]);
});

test("a successor goes on where the old one stood", async () => {
  const old = await load(), next = await load();
  scenes(old, [[0, "lot.opened", { lot: "a" }], [60, "lot.sold", { lot: "a" }]]);
  assert.equal(next.restore(old.save()), "");
  assert.deepEqual(scenes(next, [tick(61, "", -1), tick(66, "", -1)]), ["66 scene break"]);
  assert.match(next.restore(new TextEncoder().encode("no state")), /not a state/);
});
