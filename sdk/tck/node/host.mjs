// A host of plugins on the engine of node, written from docs/plugin-abi.md and sdk/schema/v1.json alone. It is what is
// needed to hold guests against the kit, and no more: guests pay no fuel here, and a guest that traps is done for.

export const STORE = 1n, POWERS = 2n;
const ABSENT = -1n, DENIED = -2n, FULL = -3n, BAD_KEY = -4n;
const BADF = 8, FAULT = 21, NOSYS = 52;
const LONGEST_KEY = 128;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Guest {
  #exports;
  #store;
  #quota;
  #input = 0;
  #room = 0;
  #now = 1_577_836_800_000n;

  /** Starts a module with what its store holds, a Map of key to bytes; without one the store is closed to it. */
  constructor(code, { store, quota = 64 << 10, config = "" } = {}) {
    const module = new WebAssembly.Module(code);
    const imports = {};
    let imported = 0n;
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      const offered = { wasi_snapshot_preview1: () => this.#wasi(name), sothebais_v1: () => this.#offered(name) }[from]?.();
      if (!offered) throw new Error(`import ${from}.${name}: there is none`);
      if (from === "sothebais_v1") imported |= STORE;
      (imports[from] ??= {})[name] = offered;
    }
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    this.#exports._initialize?.();
    const needs = this.#exports.sothebais_abi_v1(STORE | POWERS);
    if (needs & ~(STORE | POWERS)) throw new Error(`it needs features ${needs}, of which this host lacks some`);
    if (imported & ~needs) throw new Error("it imports functions of a feature that it did not ask for");
    this.#store = store;
    this.#quota = quota;
    this.#told(this.#exports.configure(...this.#give(Buffer.from(config))));
  }

  /** Gives a batch, and what the guest answers: a buffer of commands, or nothing. */
  handle(batch) {
    this.#now = Buffer.from(batch).readBigInt64LE(8 + 16);
    return this.#take(this.#exports.handle_batch(...this.#give(batch)));
  }
  save() { return this.#take(this.#exports.save()); }
  /** Gives why the guest does not take the state, nothing if it does. */
  restore(state) { return this.#take(this.#exports.restore(...this.#give(state))).toString(); }

  #told(packed) { if (packed) throw new Error(this.#take(packed).toString()); }

  /** The bytes of the guest's memory; whatever calls into it may move them. */
  #at(address, length) {
    const from = address >>> 0, n = length >>> 0, { buffer } = this.#exports.memory;
    if (from + n > buffer.byteLength) throw new RangeError(`${n} bytes at ${from} are outside of its memory`);
    return Buffer.from(buffer, from, n);
  }
  #take(packed) {
    const bits = BigInt.asUintN(64, packed);
    return Buffer.from(this.#at(Number(bits >> 32n), Number(bits & 0xffffffffn)));
  }
  #give(bytes) {
    if (bytes.length > this.#room) {
      for (this.#room = Math.max(this.#room, 16 << 10); this.#room < bytes.length;) this.#room *= 2;
      this.#input = this.#exports.alloc(this.#room);
      if (this.#input === 0 || this.#input % 8 !== 0) throw new Error(`alloc gave ${this.#input}; want an address that is a multiple of 8`);
    }
    this.#at(this.#input, bytes.length).set(bytes);
    return [this.#input, bytes.length];
  }

  #offered(name) {
    return {
      store_get: (key, keyLength, room, roomLength) => {
        if (!this.#store) return DENIED;
        const k = this.#key(key, keyLength);
        const value = k === null ? undefined : this.#store.get(k);
        if (!value) return ABSENT;
        const n = Math.min(roomLength >>> 0, value.length);
        this.#at(room, n).set(value.subarray(0, n));
        return BigInt(value.length);
      },
      store_put: (key, keyLength, value, valueLength) => {
        if (!this.#store) return DENIED;
        if (valueLength >>> 0 > this.#quota) return FULL;
        const v = Buffer.from(this.#at(value, valueLength)), k = this.#key(key, keyLength);
        if (k === null) return BAD_KEY;
        let size = Buffer.byteLength(k) + v.length;
        for (const [other, held] of this.#store) if (other !== k) size += Buffer.byteLength(other) + held.length;
        if (v.length === 0) this.#store.delete(k);
        else if (size > this.#quota) return FULL;
        else this.#store.set(k, v);
        return 0n;
      },
    }[name];
  }
  #key(address, length) {
    const bytes = this.#at(address, Math.min(length >>> 0, LONGEST_KEY + 1));
    try {
      return bytes.length > 0 && bytes.length <= LONGEST_KEY ? utf8.decode(bytes) : null;
    } catch {
      return null;
    }
  }

  /** WASI that leads nowhere. */
  #wasi(name) {
    const word = (address, v) => this.#at(address, 4).writeUInt32LE(v);
    const long = (address, v) => this.#at(address, 8).writeBigUInt64LE(v);
    const none = (count, size) => { word(count, 0); word(size, 0); return 0; };
    return {
      args_sizes_get: none, environ_sizes_get: none, args_get: () => 0, environ_get: () => 0, sched_yield: () => 0, fd_fdstat_set_flags: () => 0,
      clock_res_get: (_, to) => { long(to, 1_000_000n); return 0; },
      clock_time_get: (_, __, to) => { long(to, this.#now * 1_000_000n); return 0; },
      random_get: (to, n) => { if (n >>> 0 > 4096) return FAULT; this.#at(to, n).fill(7); return 0; },
      fd_close: () => BADF, fd_read: () => BADF, fd_prestat_get: () => BADF, fd_prestat_dir_name: () => BADF,
      fd_fdstat_get: (fd, to) => { if (fd > 2) return BADF; this.#at(to, 24).fill(0)[0] = 2; return 0; },
      fd_write: (fd, pieces, count, written) => {
        if (fd !== 1 && fd !== 2) return BADF;
        let total = 0;
        for (let i = 0; i < Math.min(count >>> 0, 16); i++) total += this.#at(pieces + 8 * i, 8).readUInt32LE(4);
        word(written, total);
        return 0;
      },
      poll_oneoff: (from, to, n, came) => {
        if (n === 0) return FAULT;
        const asked = this.#at(from, 48), event = this.#at(to, 32).fill(0);
        asked.copy(event, 0, 0, 8);
        event[10] = asked[8];
        word(came, 1);
        return 0;
      },
      proc_exit: (code) => { throw new Error(`exit with code ${code}`); },
    }[name] ?? (() => NOSYS);
  }
}
