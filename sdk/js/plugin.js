// What a plugin needs while it plays: the same text runs in the engine and, in tests, under node.

import { answers, events } from "./v1.js";
export { Level, Priority, StoreResult } from "./v1.js";

const parts = ["state", "on", "configure", "save", "restore", "migrate"];

if (globalThis.console === undefined) {
  const big = (_, value) => (typeof value === "bigint" ? String(value) : value);
  const word = (w) => {
    if (w === null || typeof w !== "object") return String(w);
    if (w instanceof Error) return `${w}\n${w.stack}`.trimEnd();
    try {
      return JSON.stringify(w, big);
    } catch {
      return String(w); // it holds itself; that is no reason to lose the event
    }
  };
  const line = (...words) => print(words.map(word).join(" "));
  globalThis.console = { log: line, debug: line, info: line, warn: line, error: line };
}

/**
 * Describes a plugin; it is the default export of its file.
 * It gives back what it is given, after a look for slips.
 */
export function definePlugin(plugin) {
  if (plugin === null || typeof plugin !== "object") throw new TypeError("definePlugin wants an object, such as { on: { ... } }");
  for (const part of Object.keys(plugin)) {
    if (!parts.includes(part)) throw new TypeError(`a plugin has no part "${part}"; ${suggest(part, parts)}`);
    if (part !== "state" && part !== "on") wantFunction(part, plugin[part]);
  }
  if (plugin.on === undefined) throw new TypeError("a plugin wants on: { ... }, with a function for each event that it hears");
  for (const kind of Object.keys(plugin.on)) {
    if (!Object.hasOwn(events, kind)) throw new TypeError(`unknown event "${kind}"; ${suggest(kind, Object.keys(events))}`);
    wantFunction(`on["${kind}"]`, plugin.on[kind]);
  }
  return plugin;
}

function wantFunction(name, value) {
  if (typeof value !== "function") throw new TypeError(`${name} is ${value === null ? "null" : `of type ${typeof value}`}; want a function`);
  if (/Generator/.test(Object.prototype.toString.call(value))) throw new TypeError(`${name} is a generator, of which nobody would ask for the first step; take out the *`);
}

/**
 * Makes a plugin ready to play; the engine and the test double call it.
 * @param module the exports of the plugin's file
 * @param options what plugin.yaml says: { config, subscribes }
 * @param show the object with the commands
 */
export function start(module, options, show) {
  const plugin = module?.default;
  if (plugin === undefined) throw new TypeError("there is no default export; want export default definePlugin({ ... })");
  definePlugin(plugin);
  checkSubscribed(plugin.on, options.subscribes);
  const initial = plugin.state === undefined ? undefined : JSON.parse(canonical(plugin.state));
  const fresh = () => (initial === undefined ? undefined : JSON.parse(canonical(initial)));
  const take = (state) => {
    show.state = isPlain(initial) && isPlain(state) ? { ...fresh(), ...state } : state;
  };
  Object.defineProperty(show, "config", { value: options.config });
  Object.defineProperty(show, "state", { value: fresh(), writable: true });
  Object.setPrototypeOf(show, strict("show"));
  Object.preventExtensions(show);
  atOnce("configure", plugin.configure?.(options.config, show));
  return {
    handlers: Object.fromEntries(Object.entries(plugin.on).map(([kind, f]) => [kind, f.bind(plugin)])),
    save() {
      if (plugin.save === undefined) return show.state === undefined ? "" : canonical(show.state);
      const out = atOnce("save", plugin.save(show));
      if (out instanceof ArrayBuffer) return new Uint8Array(out);
      if (ArrayBuffer.isView(out)) return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
      return typeof out === "string" ? out : canonical(out);
    },
    restore(bytes, text) {
      if (plugin.restore === undefined) {
        if (text !== "") take(parse(text)); // a predecessor that remembers nothing leaves nothing
      } else {
        atOnce("restore", plugin.restore(saved(bytes, text), show));
      }
    },
    migrate(bytes, text, version) {
      if (plugin.migrate === undefined) throw new TypeError(`the state is of version ${version}, and the plugin has no migrate(version, state)`);
      const state = atOnce("migrate", plugin.migrate(version, plugin.restore === undefined ? parse(text) : saved(bytes, text), show));
      if (state !== undefined) take(JSON.parse(canonical(state)));
    },
  };
}

/** What a part of the plugin gives, unless it is a promise: what that comes to would be too late. */
function atOnce(part, value) {
  if (typeof value?.then === "function") throw new TypeError(`${part} is async; only handlers may be`);
  return value;
}

/** What save gave, to be read in one way or the other. */
function saved(bytes, text) {
  return { bytes: () => new Uint8Array(bytes), text: () => text, json: () => parse(text) };
}

/** A handler of what plugin.yaml does not subscribe to would never be called. */
function checkSubscribed(on, subscribes) {
  if (!subscribes?.length) return;
  for (const kind of Object.keys(on)) {
    if (!subscribes.includes(kind) && !answers.includes(kind)) throw new TypeError(`there is a handler for ${kind}, and plugin.yaml does not subscribe to it`);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (err) {
    throw new TypeError(`the state is not JSON: ${err.message}`);
  }
}

function isPlain(value) {
  if (value === null || typeof value !== "object") return false;
  const proto = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null || proto === eventPrototype;
}

/** JSON with the keys in order, so that the same state is the same bytes. What JSON would lose is refused. */
function canonical(state) {
  const text = JSON.stringify(state, function (key, value) {
    const is = this[key];
    if (typeof is === "bigint" || typeof is === "function" || typeof is === "symbol" || (typeof is === "number" && !Number.isFinite(is))) refuse(key, is);
    if (is === undefined && Array.isArray(this)) refuse(key, is);
    if (is === null || typeof is !== "object" || Array.isArray(is)) return value;
    if (!isPlain(is)) refuse(key, is);
    return Object.fromEntries(Object.entries(is).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? "null";
}

function refuse(key, value) {
  const what = typeof value === "object" ? (value.constructor?.name ?? "an object with a prototype") : typeof value === "number" || value === undefined ? String(value) : `a ${typeof value}`;
  throw new TypeError(`state${key === "" ? "" : ` at "${key}"`} is ${what}; state is kept as JSON: use plain objects, arrays, text, finite numbers, true, false and null`);
}

/** A prototype that speaks up when something is read that is not there, instead of giving undefined. */
export function strict(what) {
  return new Proxy(Object.prototype, {
    get(target, name, receiver) {
      if (typeof name === "symbol" || name in target || name === "then" || name === "toJSON") return Reflect.get(target, name, receiver);
      const names = Object.getOwnPropertyNames(receiver);
      throw new TypeError(`${names.includes("kind") ? receiver.kind : what} has no "${name}"; ${suggest(name, names)}`);
    },
  });
}

/** What events inherit from. */
export const eventPrototype = strict("the event");

/** The word that was probably meant. */
function suggest(word, words) {
  let best = "", least = Math.max(2, word.length / 3) + 1;
  for (const w of words) {
    const d = distance(word, w);
    if (d < least) [best, least] = [w, d];
  }
  return best ? `did you mean "${best}"?` : `there are ${words.join(", ")}`;
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
