// A double of the host, so that a plugin's tests run under node.

import { eventPrototype, start } from "./plugin.js";
import { commands, events } from "./v1.js";

const empty = { string: "", u64: 0, i64: 0, gwei: 0n, bool: false };
const chat = 30;
const mask = (1n << 64n) - 1n;
const limits = { key: 128, string: 8192 };
const utf8 = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a mark at the beginning is a character like others
const absent = -1, denied = -2, full = -3, badKey = -4;
const idle = 0, asking = 1, saving = 2; // what a command is worth at the moment

process.env.TZ = "UTC"; // a script sees no other zone

/** An event as the host gives it: fields that are not named are empty. Without a seq it gets the next one when it is played. */
export function event(kind, fields = {}, { seq = 0, at = 0 } = {}) {
  if (!Object.hasOwn(events, kind)) throw new TypeError(`unknown event "${kind}"`);
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(events[kind], name)) throw new TypeError(`${kind} has no "${name}"; there are ${Object.keys(events[kind]).join(", ")}`);
  }
  const own = Object.entries(events[kind]).map(([name, type]) => [name, field(`${kind}: ${name}`, type, fields[name] ?? empty[type])]);
  return { kind, seq: integer(seq, "u64", `${kind}: seq`), at: integer(at, "i64", `${kind}: at`), ...Object.fromEntries(own) };
}

/** What becomes of a field of an event, or of a parameter, on its way through a record. */
function field(what, type, value) {
  if (type === "string") return cut(`${value}`.toWellFormed());
  if (type === "bool") return Boolean(value);
  return type === "gwei" ? BigInt(integer(value, "u64", what)) : integer(value, type, what);
}

/** A plugin that plays, with what plugin.yaml would say: { config, subscribes, store }. */
export class Stage {
  #commands = [];
  #mode = idle;
  #event = 0;
  #now = 0;
  #draw = 0n;
  #show;
  #playing;
  #store;

  constructor(plugin, { config, subscribes, store = {} } = {}) {
    this.#store = store && { quota: 65536, ...store, content: new Map(Object.entries(store.content ?? {})) };
    this.#show = this.#makeShow();
    this.#playing = this.#run(idle, () => start({ default: plugin }, { config, subscribes }, this.#show));
  }

  /** What the plugin remembers. */
  get state() {
    return this.#show.state;
  }
  /** What it keeps in its store. */
  get store() {
    return Object.fromEntries(this.#store?.content ?? []);
  }

  /** Gives events and returns what the plugin asks for: { event, command, ...parameters }. */
  play(...list) {
    for (const e of list.flat()) this.#hear({ ...e, seq: e.seq || integer(BigInt(this.#event) + 1n, "u64") });
    return this.#commands.splice(0);
  }

  /** The state as bytes, as a successor gets it. */
  save() {
    const out = this.#run(saving, () => this.#playing.save());
    return typeof out === "string" ? utf8.encode(out) : new Uint8Array(out);
  }
  restore(bytes) {
    this.#run(idle, () => this.#playing.restore(Uint8Array.from(bytes).buffer, decoder.decode(bytes)));
  }
  migrate(version, bytes) {
    this.#run(idle, () => this.#playing.migrate(Uint8Array.from(bytes).buffer, decoder.decode(bytes), version));
  }

  /** What a handler throws undoes its event, as on the show: commands, show.state and the store. */
  #hear(e) {
    this.#event = e.seq;
    const handler = this.#playing.handlers[e.kind];
    if (handler === undefined) return;
    this.#now = e.at;
    const asked = this.#commands.length, state = copy(this.#show.state), content = this.#store && new Map(this.#store.content);
    try {
      const result = this.#run(asking, () => handler(Object.freeze(Object.setPrototypeOf(e, eventPrototype)), this.#show), e.seq);
      if (typeof result?.then === "function") throw new TypeError(`the handler of ${e.kind} is async; the double plays none of those`);
    } catch (err) {
      this.#commands.length = asked;
      this.#show.state = state;
      if (content) this.#store.content = content;
      throw err;
    }
  }

  /** Calls the plugin, for which time stands still and chance follows from the event. */
  #run(mode, call, seq = 0) {
    this.#mode = mode;
    this.#draw = (BigInt(seq) * 0x9e3779b97f4a7c15n) & mask;
    const { Date: RealDate } = globalThis, realRandom = Math.random, at = this.#now;
    globalThis.Date = new Proxy(RealDate, {
      apply: () => new RealDate(at).toString(),
      construct: (real, args, target) => Reflect.construct(real, args.length ? args : [at], target),
      get: (real, name) => (name === "now" ? () => at : Reflect.get(real, name)),
    });
    Math.random = () => Number(this.#next() >> 11n) * 2 ** -53;
    try {
      return call();
    } finally {
      globalThis.Date = RealDate;
      Math.random = realRandom;
      this.#mode = idle;
    }
  }

  /** The next number of the contract's splitmix64. */
  #next() {
    let z = (this.#draw = (this.#draw + 0x9e3779b97f4a7c15n) & mask);
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return z ^ (z >> 31n);
  }

  #makeShow() {
    const show = {
      random: (n) => {
        const below = BigInt(integer(n, "i64", "show.random: n"));
        return below > 0n ? Number(this.#next() % below) : 0;
      },
      store: { get: (key) => this.#get(`${key}`), put: (key, text) => this.#put(`${key}`, text), why: (key) => this.#why(`${key}`) },
    };
    for (const [command, parameters] of Object.entries(commands)) {
      const ask = (...args) => {
        if (this.#mode === idle) throw new TypeError(`show.${command} is for handlers: what is asked for belongs to an event`);
        const asked = Object.entries(parameters).map(([name, type], i) => [name, parameter(command, name, type, args[i])]);
        if (this.#mode === asking) this.#commands.push({ event: this.#event, command, ...Object.fromEntries(asked) });
      };
      Object.defineProperty(show, command, { value: ask });
    }
    return show;
  }

  #why(key) {
    if (!this.#store) return denied;
    return this.#store.content.has(key) ? 0 : absent;
  }
  #get(key) {
    return this.#store?.content.get(key);
  }
  #put(key, text = "") {
    if (!this.#store) return denied;
    const { content, quota } = this.#store, value = `${text}`.toWellFormed();
    if (key === "" || !key.isWellFormed() || utf8.encode(key).length > limits.key) return badKey;
    const before = content.get(key);
    if (value === "") content.delete(key);
    else content.set(key, value);
    const size = [...content].reduce((n, [k, v]) => n + utf8.encode(k).length + utf8.encode(v).length, 0);
    if (size <= quota || value === "") return 0;
    if (before === undefined) content.delete(key);
    else content.set(key, before);
    return full;
  }
}

/** What the host makes of a parameter. */
function parameter(command, name, type, value) {
  return value === undefined ? (name === "priority" ? chat : empty[type]) : field(`show.${command}: ${name}`, type, value);
}

/** A whole number in the range of its type, as events give it: a BigInt where a number does not hold it to the last digit. */
function integer(value, type, what) {
  const n = typeof value === "bigint" ? value : Math.trunc(Number(value));
  if (Number.isNaN(n)) throw new TypeError(`${what} is NaN; want a number`);
  if (type === "u64" && (n < 0 || n > mask)) throw new RangeError(`${what} wants a whole number from 0 to ${mask}, not ${n}`);
  const [least, most] = type === "u64" ? [0n, mask] : [-(1n << 63n), (1n << 63n) - 1n];
  const near = n < least ? least : n > most ? most : n;
  return Number.isSafeInteger(Number(near)) ? Number(near) || 0 : BigInt(near);
}

function cut(text) {
  const bytes = utf8.encode(text);
  if (bytes.length <= limits.string) return text;
  let n = limits.string;
  while ((bytes[n] & 0xc0) === 0x80) n--;
  return decoder.decode(bytes.subarray(0, n));
}

/** What show.state was before an event; what cannot be copied is no state, and save says so. */
function copy(state) {
  try {
    return structuredClone(state);
  } catch {
    return state;
  }
}

/** Plays events to a plugin that has just begun, and gives what it asks for. */
export function play(plugin, list, options) {
  return new Stage(plugin, options).play(...list);
}
