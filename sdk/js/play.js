// A double of the host, so that a plugin's tests run under node.

import { eventPrototype, start } from "./plugin.js";
import { commands, events } from "./v1.js";

const empty = { string: "", u64: 0, i64: 0, gwei: 0n, bool: false };
const chat = 30;
const mask = (1n << 64n) - 1n;
const limits = { key: 128, string: 8192 };
const utf8 = new TextEncoder();
const absent = -1, denied = -2, full = -3, badKey = -4;

/** An event as the host gives it: fields that are not named are empty. Without a seq it gets the next one when it is played. */
export function event(kind, fields = {}, { seq = 0, at = 0 } = {}) {
  if (!(kind in events)) throw new TypeError(`unknown event "${kind}"`);
  for (const name of Object.keys(fields)) {
    if (!(name in events[kind])) throw new TypeError(`${kind} has no "${name}"; there are ${Object.keys(events[kind]).join(", ")}`);
  }
  const own = Object.entries(events[kind]).map(([name, type]) => [name, fields[name] ?? empty[type]]);
  return { kind, seq, at, ...Object.fromEntries(own) };
}

/** A plugin that plays, with what plugin.yaml would say: { config, subscribes, store }. */
export class Stage {
  #commands = [];
  #event = 0;
  #draw = 0n;
  #show;
  #playing;
  #store;

  constructor(plugin, { config, subscribes, store = {} } = {}) {
    this.#store = store && { quota: 65536, ...store, content: new Map(Object.entries(store.content ?? {})) };
    this.#show = this.#makeShow();
    this.#playing = start({ default: plugin }, { config, subscribes }, this.#show);
    this.#commands = [];
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
    for (const e of list.flat()) this.#hear({ ...e, seq: e.seq || this.#event + 1 });
    return this.#commands.splice(0);
  }

  /** The state as bytes, as a successor gets it. */
  save() {
    const out = this.#playing.save();
    return typeof out === "string" ? utf8.encode(out) : new Uint8Array(out);
  }
  restore(bytes) {
    this.#playing.restore(bytes.slice().buffer, new TextDecoder().decode(bytes));
  }
  migrate(version, bytes) {
    this.#playing.migrate(bytes.slice().buffer, new TextDecoder().decode(bytes), version);
  }

  #hear(e) {
    this.#event = e.seq;
    this.#draw = (BigInt(e.seq) * 0x9e3779b97f4a7c15n) & mask;
    const { Date: RealDate } = globalThis, realRandom = Math.random;
    globalThis.Date = class extends RealDate {
      constructor(...args) {
        super(...(args.length ? args : [e.at]));
      }
      static now() {
        return e.at;
      }
    };
    Math.random = () => Number(this.#next() >> 11n) * 2 ** -53;
    try {
      const result = this.#playing.handlers[e.kind]?.(Object.freeze(Object.setPrototypeOf(e, eventPrototype)), this.#show);
      if (typeof result?.then === "function") throw new TypeError(`the handler of ${e.kind} is async; the double plays none of those`);
    } finally {
      globalThis.Date = RealDate;
      Math.random = realRandom;
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
      random: (n) => (n >= 1 ? Number(this.#next() % BigInt(Math.trunc(n))) : 0),
      store: { get: (key) => this.#get(key), put: (key, text) => this.#put(key, text), why: (key) => this.#why(key) },
    };
    for (const [command, parameters] of Object.entries(commands)) {
      show[command] = (...args) => {
        const asked = Object.entries(parameters).map(([name, type], i) => [name, parameter(name, type, args[i])]);
        this.#commands.push({ event: this.#event, command, ...Object.fromEntries(asked) });
      };
    }
    return show;
  }

  #why(key) {
    if (!this.#store) return denied;
    const size = utf8.encode(key).length;
    if (size === 0 || size > limits.key) return badKey;
    return this.#store.content.has(key) ? 0 : absent;
  }
  #get(key) {
    return this.#why(key) === 0 ? this.#store.content.get(key) : undefined;
  }
  #put(key, text = "") {
    const why = this.#why(key);
    if (why === denied || why === badKey) return why;
    const { content, quota } = this.#store;
    const before = content.get(key);
    if (text === "") content.delete(key);
    else content.set(key, String(text));
    const size = [...content].reduce((n, [k, v]) => n + utf8.encode(k).length + utf8.encode(v).length, 0);
    if (size <= quota || text === "") return 0;
    if (before === undefined) content.delete(key);
    else content.set(key, before);
    return full;
  }
}

/** What the host makes of a parameter. */
function parameter(name, type, value) {
  if (value === undefined) return name === "priority" ? chat : empty[type];
  if (type === "string") return cut(String(value).toWellFormed());
  if (type === "bool") return Boolean(value);
  return typeof value === "bigint" ? value : Math.trunc(Number(value)) || 0;
}

function cut(text) {
  const bytes = utf8.encode(text);
  if (bytes.length <= limits.string) return text;
  let n = limits.string;
  while ((bytes[n] & 0xc0) === 0x80) n--;
  return new TextDecoder().decode(bytes.subarray(0, n));
}

/** Plays events to a plugin that has just begun, and gives what it asks for. */
export function play(plugin, list, options) {
  return new Stage(plugin, options).play(...list);
}
