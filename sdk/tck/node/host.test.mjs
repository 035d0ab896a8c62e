// The kit on another engine than the program's: the same events give the same commands, to the byte.
//
//	node --test host.test.mjs                    the plugins of ../testdata, every language
//	GUESTS=my/folder node --test host.test.mjs   yours: conformance.wasm, regulars.wasm, pricebug.wasm and pacer.wasm, or some of them
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join as path, resolve } from "node:path";
import { describe, test } from "node:test";
import { Guest } from "./host.mjs";
import { earlier, join, later, split, unknown } from "./records.mjs";

const kit = new URL("..", import.meta.url).pathname;
const folders = process.env.GUESTS ? [resolve(process.env.GUESTS)]
  : readdirSync(`${kit}testdata`, { withFileTypes: true }).filter((e) => e.isDirectory() && e.name !== "v1.0").map((e) => `${kit}testdata/${e.name}`);

/** What plugins play: the name of the module, where the files are, and what its store holds before. */
const plays = [
  { module: "conformance", files: `${kit}testdata/transcript` },
  { module: "conformance", files: `${kit}testdata/powers`, before: [["old", Buffer.from("from before")]], quota: 1500 },
  ...["regulars", "pricebug", "pacer"].map((module) => ({ module, files: `${kit}examples/${module}`, before: [] })),
];

/** Plays all events, so many at a time and as change makes them, to guests that next gives, and tells what they ask for. */
function play(files, { atOnce = 64, change = (r) => [r], next }) {
  const events = split(readFileSync(`${files}.events`)), commands = [];
  for (let first = 0; first < events.length; first += atOnce) {
    const batch = events.slice(first, first + atOnce).map(change), causes = batch.flatMap((records, i) => records.map(() => first + i));
    const answer = next().handle(join(batch.flat()));
    for (const command of answer.length ? split(answer) : []) {
      command.writeUInt32LE(causes[command.readUInt32LE(8)], 8); // of the whole transcript
      commands.push(command);
    }
  }
  return commands.length ? join(commands) : Buffer.alloc(0);
}

const told = (store) => [...store].map(([k, v]) => `${k}: ${v}\n`).sort().join("");

function check({ files, before, quota }, code, how) {
  const store = before && new Map(before);
  let guest = new Guest(code, { store, quota });
  const next = () => {
    if (!how.handOver) return guest;
    const heir = new Guest(code, { store, quota });
    assert.equal(heir.restore(guest.save()), "");
    return (guest = heir);
  };
  const got = play(files, { ...how, next }), want = readFileSync(`${files}.commands`);
  const at = split(want).findIndex((r, i) => !r.equals(split(got)[i] ?? ""));
  assert.ok(got.equals(want), `command ${at < 0 ? "past the last" : at} is not that of ${files}.commands`);
  assert.deepEqual(guest.save(), readFileSync(`${files}.state`), "its state");
  if (existsSync(`${files}.store`)) assert.equal(told(store), readFileSync(`${files}.store`).toString(), "what is in its store");
}

const ways = {
  "in one batch": {},
  "event by event": { atOnce: 1 },
  "handed over again and again": { atOnce: 5, handOver: true },
  "told by a later host": { atOnce: 32, change: (r) => [unknown(r), later(r)] },
  "told by an earlier host": { change: (r) => [earlier(r)] },
};

for (const folder of folders) {
  describe(folder.split("/").at(-1), () => {
    for (const p of plays.filter((p) => existsSync(path(folder, `${p.module}.wasm`)))) {
      const code = readFileSync(path(folder, `${p.module}.wasm`)), name = p.files.split("/").at(-1);
      for (const [way, how] of Object.entries(ways)) test(`${name} ${way}`, () => check(p, code, how));
    }
  });
}

test("there is something to play", () => assert.ok(folders.some((f) => plays.some((p) => existsSync(path(f, `${p.module}.wasm`)))), `no module of the kit in ${folders}`));
