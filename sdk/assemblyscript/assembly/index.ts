/** How a plugin of the show is written in AssemblyScript.
 *
 *  A plugin is a pure function of its state and its events: it hears events one after the other, in order, and leaves
 *  commands behind. Extend Plugin, register one, and export the entry points:
 *
 *    import { Commands, Event, Kind, Plugin, register } from "@sothebais/sdk";
 *    export * from "@sothebais/sdk/exports";
 */
export { Event, Random } from "./record";
export * from "./v1";
export { Plugin, register } from "./plugin";
export { Store } from "./store";
