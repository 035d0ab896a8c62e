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
  /** Takes, in place of restore, what save gave in a plugin whose state has an older version, which plugin.yaml lists
   *  under state.migrate. Gives an error text, or nothing. */
  migrate(version: u32, state: Uint8Array): string { return `takes no state of version ${version}`; }
  /** What the plugin cannot do without, of Needs; a host that lacks it refuses the plugin. */
  needs(): u64 { return 0; }
}

let current: Plugin | null = null;

/** Names the plugin of this module; call it at the top level. */
export function register(p: Plugin): void { current = p; }

/** The plugin of this module, for the SDK. */
export function registered(): Plugin {
  const p = current;
  if (p === null) throw new Error("no plugin is registered; call register(new ...) at the top level");
  return p;
}
