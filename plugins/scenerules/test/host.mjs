// A host in miniature: enough of the ABI to play events to a guest and read its commands, from the schema itself.
import { readFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("../../../sdk/schema/v1.json", here)));
const HEADER = { event: 24, command: 16 };
const pad = (n) => (n + 7) & ~7;

export async function load(file = new URL("../build/plugin.wasm", here)) {
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { wasi_snapshot_preview1: { fd_write: () => 52 } });
  instance.exports._initialize();
  return new Guest(instance.exports);
}

class Guest {
  constructor(exports) { this.exports = exports; this.seq = 0n; }

  /** Plays one event; gives the commands as "verb a b". */
  play(name, at, fields = {}) {
    const record = encode(name, ++this.seq, at, fields);
    const batch = new Uint8Array(8 + record.length);
    new DataView(batch.buffer).setUint32(0, 1, true);
    new DataView(batch.buffer).setUint32(4, batch.length, true);
    batch.set(record, 8);
    return this.commands(this.exports.handle_batch(this.put(batch), batch.length));
  }

  save() { return this.bytes(this.exports.save()).slice(); }

  /** Gives the error text, or "". */
  restore(state) { return new TextDecoder().decode(this.bytes(this.exports.restore(this.put(state), state.length))); }

  put(bytes) {
    const at = this.exports.alloc(bytes.length);
    new Uint8Array(this.exports.memory.buffer).set(bytes, at);
    return at;
  }

  bytes(packed) {
    packed = BigInt.asUintN(64, packed);
    return new Uint8Array(this.exports.memory.buffer, Number(packed >> 32n), Number(packed & 0xffffffffn));
  }

  commands(packed) {
    const b = this.bytes(packed), out = [];
    for (let at = 8; at < b.length; ) {
      const view = new DataView(b.buffer, b.byteOffset + at);
      const spec = schema.commands.find((c) => c.code === view.getUint16(4, true));
      const args = spec.fields.map((f, i) => field(view, HEADER.command + 8 * i, f.type));
      out.push([spec.name, ...args].join(" ").trim());
      at += view.getUint32(0, true);
    }
    return out;
  }
}

function field(view, slot, type) {
  if (type !== "string") return view.getBigInt64(slot, true);
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + view.getUint32(slot, true), view.getUint32(slot + 4, true)));
}

function encode(name, seq, at, fields) {
  const spec = schema.events.find((e) => e.name === name);
  for (const k of Object.keys(fields)) if (!spec.fields.some((f) => f.name === k)) throw new Error(`${name} has no ${k}`);
  const texts = spec.fields.map((f) => new TextEncoder().encode(f.type === "string" ? fields[f.name] ?? "" : ""));
  let end = HEADER.event + 8 * spec.fields.length;
  const size = pad(end + texts.reduce((n, t) => n + t.length, 0));
  const out = new Uint8Array(size), view = new DataView(out.buffer);
  view.setUint32(0, size, true);
  view.setUint16(4, spec.code, true);
  view.setUint8(6, spec.fields.length);
  view.setBigUint64(8, seq, true);
  view.setBigInt64(16, BigInt(at), true);
  spec.fields.forEach((f, i) => {
    const slot = HEADER.event + 8 * i;
    if (f.type !== "string") return view.setBigInt64(slot, BigInt(fields[f.name] ?? 0), true);
    view.setUint32(slot, end, true);
    view.setUint32(slot + 4, texts[i].length, true);
    out.set(texts[i], end);
    end += texts[i].length;
  });
  return out;
}
