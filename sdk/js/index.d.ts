import type { Commands, Events } from "./v1.js";
export * from "./v1.js";

/** What a handler is given besides the event: commands, and what the plugin remembers. */
export interface Show<State = any, Config = any> extends Commands {
  /**
   * What the plugin remembers. A successor gets it on a swap, as JSON: plain objects, arrays, text, finite numbers,
   * true, false and null.
   */
  state: State;
  /** `config` of plugin.yaml. */
  readonly config: Config;
  /** Texts that outlive the plugin, by key; needs the capability store. */
  readonly store: Store;
  /** A whole number from 0 to n-1, seeded by the event: a replay makes the same choices. */
  random(n: number): number;
}

export interface Store {
  /** The text under a key, undefined when there is none or the store is closed. */
  get(key: string): string | undefined;
  /** Keeps a text under a key; without a text, deletes it. Gives 0, or one of StoreResult. */
  put(key: string, text?: string): number;
  /** Why get gives undefined: one of StoreResult, 0 when there is a text. */
  why(key: string): number;
}

/** What a plugin does when it hears an event. What is thrown undoes the event, and is shown with file and line. */
export type Handler<Kind extends keyof Events, State = any, Config = any> = (event: Events[Kind], show: Show<State, Config>) => void | Promise<void>;

export interface Plugin<State = any, Config = any> {
  /** What the plugin remembers at first. */
  state?: State;
  /** What it does, by event; plugin.yaml subscribes to them. */
  on: { [Kind in keyof Events]?: Handler<Kind, State, Config> };
  /** Looks at the configuration; what it throws refuses it. Nothing can be asked for yet: commands belong to an event. */
  configure?(config: Config, show: Show<State, Config>): void;
  /** Gives what a successor gets in place of show.state: text, bytes, or an object that JSON takes. */
  save?(show: Show<State, Config>): string | Uint8Array | ArrayBuffer | object;
  /** Takes what save gave, of this plugin or another, in place of show.state; what it throws refuses it. */
  restore?(state: Saved, show: Show<State, Config>): void;
  /** Turns the state of an older version into one of this, or takes it itself and gives nothing. In a plugin with restore, old is Saved. */
  migrate?(version: number, old: any, show: Show<State, Config>): State | void;
}

/** A state as it was saved, to be read in one way or the other. */
export interface Saved {
  text(): string;
  bytes(): Uint8Array;
  json(): any;
}

/** Describes a plugin; it is the default export of its file. */
export declare function definePlugin<State = undefined, Config = any>(plugin: Plugin<State, Config>): Plugin<State, Config>;
