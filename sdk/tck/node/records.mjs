// Buffers of records, by what sdk/schema/v1.json says of them.
import { readFileSync } from "node:fs";

const schema = JSON.parse(readFileSync(new URL("../../schema/v1.json", import.meta.url)));
const kinds = new Map(schema.events.map((e) => [e.code, e.fields]));
export const UNKNOWN = 0x7fff;
const HEAD = 24;

/** The records of a buffer, as they are. */
export function split(buffer) {
  const out = [];
  for (let at = 8; at < buffer.length; at += buffer.readUInt32LE(at)) out.push(buffer.subarray(at, at + buffer.readUInt32LE(at)));
  return out;
}

export function join(records) {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(records.length);
  head.writeUInt32LE(records.reduce((n, r) => n + r.length, 8), 4);
  return Buffer.concat([head, ...records]);
}

/** The fields of an event: bytes for a text, a bigint for anything else. */
export function fields(record) {
  return kinds.get(record.readUInt16LE(4)).slice(0, record[6]).map(({ type }, i) => {
    const at = HEAD + 8 * i;
    if (type !== "string") return record.readBigUInt64LE(at);
    return record.subarray(record.readUInt32LE(at), record.readUInt32LE(at) + record.readUInt32LE(at + 4));
  });
}

/** An event like another with other fields, of another kind if there is one. */
export function rewrite(record, values, kind = record.readUInt16LE(4)) {
  const slots = Buffer.alloc(HEAD + 8 * values.length), texts = [];
  record.copy(slots, 0, 0, HEAD);
  let at = slots.length;
  values.forEach((v, i) => {
    if (typeof v === "bigint") return slots.writeBigUInt64LE(v, HEAD + 8 * i);
    slots.writeUInt32LE(at, HEAD + 8 * i);
    slots.writeUInt32LE(v.length, HEAD + 8 * i + 4);
    texts.push(v);
    at += v.length;
  });
  const out = Buffer.concat([slots, ...texts, Buffer.alloc(-at & 7)]);
  out.writeUInt32LE(out.length);
  out.writeUInt16LE(kind, 4);
  out[6] = values.length;
  return out;
}

/** An event as a later host tells it: with fields that nobody knows yet. */
export const later = (record) => rewrite(record, [...fields(record), 2n ** 64n - 1n, Buffer.from("not known yet")]);

/** An event as an earlier host told it, which did not have the last fields; only those go that say nothing. */
export function earlier(record) {
  const values = fields(record);
  while (values.length && (values.at(-1) === 0n || values.at(-1).length === 0)) values.pop();
  return rewrite(record, values);
}

/** An event of a kind that nobody knows yet, at the time of another. */
export const unknown = (record) => rewrite(record, [2n ** 64n - 1n, Buffer.from("not known yet")], UNKNOWN);
