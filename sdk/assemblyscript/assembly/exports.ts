// The entry points that the host calls; a plugin exports them all with export * from this file.
import { BATCH_HEADER, Event } from "./record";
import { Commands } from "./v1";
import { registered } from "./plugin";

let input = new StaticArray<u8>(0);
let output: ArrayBuffer = new ArrayBuffer(0); // what was returned last; kept from the collector until the next call
const commands = new Commands();
const view = new Event(0);

function packed(b: ArrayBuffer, start: usize, n: i32): u64 {
  output = b;
  return n == 0 ? 0 : ((<u64>(changetype<usize>(b) + start)) << 32) | <u64>n;
}

function failure(text: string): u64 {
  const b = String.UTF8.encode(text);
  return packed(b, 0, b.byteLength);
}

export function sothebais_abi_v1(host: u64): u64 { return registered().needs(); }

export function alloc(n: u32): usize {
  if (<u32>input.length < n) input = new StaticArray<u8>(<i32>n);
  return changetype<usize>(input);
}

export function configure(ptr: usize, n: u32): u64 {
  return failure(registered().configure(String.UTF8.decodeUnsafe(ptr, n)));
}

export function restore(ptr: usize, n: u32): u64 {
  const state = new Uint8Array(<i32>n);
  memory.copy(state.dataStart, ptr, n);
  return failure(registered().restore(state));
}

export function migrate(version: u32, ptr: usize, n: u32): u64 {
  const state = new Uint8Array(<i32>n);
  memory.copy(state.dataStart, ptr, n);
  return failure(registered().migrate(version, state));
}

export function save(): u64 {
  const state = registered().save();
  return packed(state.buffer, <usize>state.byteOffset, state.length);
}

export function handle_batch(ptr: usize, n: u32): u64 {
  const plugin = registered();
  commands.reset();
  const count = load<u32>(ptr);
  let at = ptr + BATCH_HEADER;
  for (let i: u32 = 0; i < count; i++) {
    view.moveTo(at);
    at += view.size;
    commands.causedBy(i);
    plugin.handle(view, commands);
  }
  return commands.packed();
}
