// The API of the program, typed by its own description (schema.gen.ts).
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.gen";

type Schemas = components["schemas"];
export type Show = Schemas["ShowView"];
export type Stage = Schemas["Stage"];
export type Block = Schemas["BlockView"];
export type Lot = Schemas["LotView"];
export type Bid = Schemas["BidView"];
export type Plugin = Schemas["Plugin"];
export type Swap = Schemas["Swap"];
export type PluginDetail = Schemas["PluginDetail"];
export type Capability = Schemas["Capability"];
export type Slot = Schemas["Slot"];
export type SlotName = Slot["slot"];
export type Version = Schemas["Version"];
export type ShadowReport = Schemas["ShadowReport"];
export type ShadowRow = Schemas["ShadowRow"];
export type ShadowSide = Schemas["ShadowSide"];
export type Quarantined = Schemas["Quarantined"];
export type Consent = Schemas["Consent"];
export type PackageReport = Schemas["PackageReport"];
export type BegunCharacter = Schemas["BegunCharacter"];
export type ReplaySession = Schemas["ReplaySession"];
export type ReplayRequest = Schemas["ReplayRequest"];
export type ReplayReport = Schemas["ReplayReport"];
export type ReplayGroup = Schemas["ReplayGroup"];
export type DevReport = Schemas["DevReport"];
export type LogLine = Schemas["LogLine"];
export type EventView = Schemas["EventView"];
export type Me = Schemas["Me"];
export type Link = Schemas["Link"];
export type LotAct = "pause" | "resume" | "hammer" | "withdraw";
type Problem = Schemas["ErrorModel"];

const client = createClient<paths>({ baseUrl: "/" });

/** What went wrong, in words for the operator. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** Turns an answer into its data, or throws what the problem document says. */
async function must<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got;
  try {
    got = await call;
  } catch {
    throw new ApiError(0, "The program does not answer.");
  }
  if (got.response.ok) return got.data as T;
  const p = (got.error ?? {}) as Partial<Problem>;
  const where = p.errors?.map((e) => [e.location, e.message].filter(Boolean).join(": ")).join("; ");
  throw new ApiError(got.response.status, [p.detail ?? got.response.statusText, where].filter(Boolean).join(" — "));
}

interface Upload {
  pack: File;
  signature: File | null;
}

/** A package goes as it is, not as JSON. */
const packed = async (f: Upload) => ({ body: (await f.pack.arrayBuffer()) as never, bodySerializer: (b: unknown) => b as BodyInit, headers: { "Content-Type": "application/octet-stream" } });

async function signatureOf(f: Upload): Promise<{ "Package-Signature"?: string }> {
  return f.signature ? { "Package-Signature": btoa(String.fromCharCode(...new Uint8Array(await f.signature.slice(0, 4096).arrayBuffer()))) } : {};
}

const get = { cache: "no-store" } as const;

export const api = {
  me: () => must(client.GET("/api/v1/me", get)),
  login: (body: { password?: string; token?: string }) => must(client.POST("/api/v1/login", { body })),
  logout: () => must(client.POST("/api/v1/logout")),
  show: () => must(client.GET("/api/v1/show", get)),
  stage: () => must(client.GET("/api/v1/stage", get)),
  block: () => must(client.GET("/api/v1/block", get)),
  plugins: async () => (await must(client.GET("/api/v1/plugins", get))).items,
  bids: async (lot: string) =>
    (await must(client.GET("/api/v1/lots/{lot}/bids", { ...get, params: { path: { lot }, query: { limit: 500 } } }))).items,
  chain: async (seq: number) => (await must(client.GET("/api/v1/events/{seq}/chain", { ...get, params: { path: { seq } } }))).items,
  lotAct: (act: LotAct, lot?: string) => must(client.POST(`/api/v1/block/${act}`, { body: { lot } })),
  extend: (seconds: number, lot?: string) => must(client.POST("/api/v1/block/extend", { body: { seconds, lot } })),
  say: (text: string) => must(client.POST("/api/v1/stage/say", { body: { text } })),
  mood: (mood: string) => must(client.POST("/api/v1/stage/mood", { body: { mood, intensity: 80 } })),
  gesture: (gesture: string) => must(client.POST("/api/v1/stage/gesture", { body: { gesture } })),
  take: (scene: string) => must(client.POST("/api/v1/stage/scene", { body: { scene } })),
  swap: (plugin: string) => must(client.POST("/api/v1/plugins/swap", { body: { plugin } })),
  plugin: ({ id: plugin, state }: Plugin) => must(client.GET("/api/v1/plugins/{plugin}", { ...get, params: { path: { plugin }, query: { state } } })),
  logs: async (plugin: string) =>
    (await must(client.GET("/api/v1/plugins/{plugin}/logs", { ...get, params: { path: { plugin }, query: { limit: 200 } } }))).items ?? [],
  /** Grants what the one that is shown asks for. */
  grant: ({ id: plugin, state, version }: Plugin, power: string, ask = false) =>
    must(client.PUT("/api/v1/plugins/{plugin}/grants/{power}", { params: { path: { plugin, power } }, body: { ask, state, version } })),
  revoke: (plugin: string, power: string) => must(client.DELETE("/api/v1/plugins/{plugin}/grants/{power}", { params: { path: { plugin, power } } })),
  slots: async () => (await must(client.GET("/api/v1/slots", get))).items,
  shadow: (plugin: string) => must(client.PUT("/api/v1/plugins/shadow", { body: { plugin } })),
  report: (slot: SlotName) => must(client.GET("/api/v1/slots/{slot}/shadow", { ...get, params: { path: { slot } } })),
  /** Acts on a slot name the plugin that is meant, as id@version: another one may have taken its place meanwhile. */
  dropShadow: (slot: SlotName, plugin: string) => must(client.DELETE("/api/v1/slots/{slot}/shadow", { params: { path: { slot }, query: { plugin } } })),
  promote: (slot: SlotName, plugin: string, when: "now" | "quiet") => must(client.POST("/api/v1/slots/{slot}/promotion", { params: { path: { slot }, query: { plugin } }, body: { when, deadline_s: 120 } })),
  callOff: (slot: SlotName) => must(client.DELETE("/api/v1/slots/{slot}/promotion", { params: { path: { slot } } })),
  rollBack: (slot: SlotName, plugin: string) => must(client.POST("/api/v1/slots/{slot}/roll-back", { params: { path: { slot }, query: { plugin } } })),
  quarantine: async (slot: SlotName) => (await must(client.GET("/api/v1/slots/{slot}/quarantine", { ...get, params: { path: { slot } } }))).items,
  consents: async () => (await must(client.GET("/api/v1/consents", get))).items,
  decide: (seq: number, allow: boolean) => must(client.POST("/api/v1/consents/{seq}", { params: { path: { seq } }, body: { allow } })),
  inspect: async (f: Upload) => must(client.POST("/api/v1/packages/inspect", { ...(await packed(f)), params: { header: await signatureOf(f) } })),
  fetchPackage: (address: string, signal: AbortSignal) => must(client.POST("/api/v1/packages/fetch", { body: { address }, signal })),
  install: (sha256: string, anyway: boolean) =>
    must(client.POST("/api/v1/packages/inspected/{sha256}", { params: { path: { sha256 }, query: anyway ? { anyway: sha256 } : {} } })),
  uninstall: (plugin: string) => must(client.DELETE("/api/v1/packages/{plugin}", { params: { path: { plugin } } })),
  characters: async () => (await must(client.GET("/api/v1/characters", get))).items,
  newCharacter: (id: string, plays: string) => must(client.POST("/api/v1/characters", { body: { id, plays } })),
  devs: (after: number, signal: AbortSignal) => must(client.GET("/api/v1/dev", { ...get, signal, params: { query: { after } } })),
  sessions: async () => (await must(client.GET("/api/v1/replays/sessions", get))).items,
  replay: (body: ReplayRequest, signal: AbortSignal) => must(client.POST("/api/v1/replays", { body, signal })),
  replaying: () => must(client.GET("/api/v1/replays/running", get)),
  retry: (slot: SlotName, seq: number, plugin: string) => must(client.POST("/api/v1/slots/{slot}/quarantine/{seq}/retry", { params: { path: { slot, seq }, query: { plugin } } })),
};
