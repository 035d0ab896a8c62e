// The examples against the transcripts that they share with those in other languages (sdk/tck/examples).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Stage } from "@sothebais/sdk/play";
import { commands, events } from "../v1.js";
import pacer from "./pacer.js";
import pricebug from "./pricebug.js";

const shared = (name) => readFileSync(new URL(`../../tck/examples/${name}`, import.meta.url));

/** Reads a buffer of records, as docs/plugin-abi.md lays them out. */
function* records(b, header, kinds) {
  const view = new DataView(b.buffer, b.byteOffset, b.length);
  const names = Object.keys(kinds);
  for (let at = 8, size; at < b.length; at += size) {
    size = view.getUint32(at, true);
    const name = names[view.getUint16(at + 4, true) - 1];
    const fields = Object.entries(kinds[name]).map(([field, type], i) => {
      const slot = at + header + 8 * i;
      if (type === "string") return [field, b.toString("utf8", at + view.getUint32(slot, true), at + view.getUint32(slot, true) + view.getUint32(slot + 4, true))];
      if (type === "bool") return [field, view.getUint8(slot) !== 0];
      if (type === "gwei") return [field, view.getBigUint64(slot, true)];
      return [field, Number(type === "u64" ? view.getBigUint64(slot, true) : view.getBigInt64(slot, true))];
    });
    yield { name, at, view, fields: Object.fromEntries(fields) };
  }
}

const transcript = (name) =>
  [...records(shared(`${name}.events`), 24, events)].map(({ name: kind, at, view, fields }) => ({
    kind,
    seq: Number(view.getBigUint64(at + 8, true)),
    at: Number(view.getBigInt64(at + 16, true)),
    ...fields,
  }));

function expected(name, heard) {
  return [...records(shared(`${name}.commands`), 16, commands)].map(({ name: command, at, view, fields }) => ({
    event: heard[view.getUint32(at + 8, true)].seq,
    command,
    ...fields,
  }));
}

for (const [name, plugin] of Object.entries({ pricebug, pacer })) {
  test(`${name} does what it does in every language`, () => {
    const heard = transcript(name);
    const stage = new Stage(plugin);
    const order = (list) => list.toSorted((a, b) => a.event - b.event);
    assert.deepEqual(order(stage.play(heard)), order(expected(name, heard)));
    assert.equal(new TextDecoder().decode(stage.save()), shared(`${name}.state`).toString());
  });
}
