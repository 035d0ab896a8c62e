import { Event } from "./record";
import { Commands } from "./v1";

/** What the show calls. */
export abstract class Plugin {
  /** Takes the configuration once, before anything else: `config` of plugin.yaml as JSON. Gives an error text, or nothing. */
  configure(config: string): string { return ""; }
  /** Hears one event and asks for what it wants. */
  abstract handle(e: Event, out: Commands): void;
  /** Gives the state that a successor of this plugin may take over. */
  save(): Uint8Array { return new Uint8Array(0); }
  /** Takes what save of a predecessor gave. Gives an error text, or nothing. */
  restore(state: Uint8Array): string { return ""; }
}

let current: Plugin | null = null;

/** Names the plugin of this module; call it at the top level. */
export function register(p: Plugin): void { current = p; }

/** The plugin of this module, for the SDK. */
export function registered(): Plugin {
  const p = current;
  if (p === null) unreachable();
  return p!;
}
