export { definePlugin, Level, Priority, StoreResult } from "./plugin.js";
