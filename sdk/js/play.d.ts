import type { Events, Plugin } from "./index.js";

/** An event as the host gives it: fields that are not named are empty. Without a seq it gets the next one when it is played. */
export declare function event<Kind extends keyof Events>(kind: Kind, fields?: Partial<Omit<Events[Kind], "kind" | "seq" | "at">>, place?: { seq?: number; at?: number }): Events[Kind];

/** Something that a plugin asked for: the command, its parameters by name, and the seq of the event. */
export type Asked = { event: number; command: string; [parameter: string]: unknown };

/** What plugin.yaml and the admin would say. */
export interface Options {
  config?: unknown;
  subscribes?: (keyof Events)[];
  /** null for a plugin without the capability store. */
  store?: { quota?: number; content?: Record<string, string> } | null;
}

/** A plugin that plays. */
export declare class Stage<State = any> {
  constructor(plugin: Plugin<State, any>, options?: Options);
  /** What the plugin remembers. */
  readonly state: State;
  /** What it keeps in its store. */
  readonly store: Record<string, string>;
  /** Gives events and returns what the plugin asks for. */
  play(...events: (Events[keyof Events] | Events[keyof Events][])[]): Asked[];
  /** The state as bytes, as a successor gets it. */
  save(): Uint8Array;
  restore(state: Uint8Array): void;
  migrate(version: number, state: Uint8Array): void;
}

/** Plays events to a plugin that has just begun, and gives what it asks for. */
export declare function play(plugin: Plugin<any, any>, events: Events[keyof Events][], options?: Options): Asked[];
