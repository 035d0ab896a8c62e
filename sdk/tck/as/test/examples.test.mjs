// Runs the example plugins under node, against the files that all languages share: node --test
import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const here = new URL(".", import.meta.url);
const modules = process.env.GUESTS ? new URL(process.env.GUESTS + "/", `file://${process.cwd()}/`) : new URL("../../testdata/assemblyscript/", here);
const shared = (file) => readFileSync(new URL(`../../examples/${file}`, here));

/** A plugin in a store of its own. */
async function start(name) {
  const values = new Map();
  const bytes = (at, n) => Buffer.from(new Uint8Array(exports.memory.buffer, at, n));
  const imports = {
    wasi_snapshot_preview1: { fd_write: () => 52 }, // the last words; node tells of the trap itself
    sothebais_v1: {
      store_get(key, keyLen, at, room) {
        const k = bytes(key, keyLen).toString();
        if (!values.has(k)) return -1n;
        const v = values.get(k);
        new Uint8Array(exports.memory.buffer).set(v.subarray(0, room), at);
        return BigInt(v.length);
      },
      store_put(key, keyLen, at, len) {
        const k = bytes(key, keyLen);
        if (keyLen < 1 || keyLen > 128 || !isUtf8(k)) return -4n;
        const rest = [...values].filter(([other]) => other !== k.toString());
        if (len > 0 && rest.reduce((n, [k, v]) => n + Buffer.byteLength(k) + v.length, keyLen + len) > 65536) return -3n;
        if (len > 0) values.set(k.toString(), bytes(at, len));
        else values.delete(k.toString());
        return 0n;
      },
    },
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(new URL(`${name}.wasm`, modules)), imports);
  const exports = instance.exports;
  exports._initialize();
  const take = (packed) => bytes(Number(BigInt.asUintN(64, packed) >> 32n), Number(packed & 0xffffffffn));
  const give = (b) => {
    const at = exports.alloc(b.length);
    new Uint8Array(exports.memory.buffer).set(b, at);
    return at;
  };
  return {
    values,
    play: (batch) => take(exports.handle_batch(give(batch), batch.length)),
    save: () => take(exports.save()).toString(),
    restore: (state) => take(exports.restore(give(Buffer.from(state)), Buffer.byteLength(state))).toString(),
  };
}

for (const name of ["regulars", "pricebug", "pacer"]) {
  test(name, async () => {
    const state = shared(`${name}.state`).toString();
    const p = await start(name);
    assert.ok(p.play(shared(`${name}.events`)).equals(shared(`${name}.commands`)), `other commands than ${name}.commands`);
    assert.equal(p.save(), state);
    const store = [...p.values].map(([k, v]) => `${k}: ${v}\n`).sort().join("");
    assert.equal(store, shared(`${name}.store`).toString());

    const successor = await start(name);
    assert.equal(successor.restore(state + "more 1\n"), `line ${state.split("\n").length} is not of a state of ${name} 1`);
    assert.equal(successor.restore(state), "");
    assert.equal(successor.save(), state);
  });
}
