// Words, colours and signs of the page; what a colour says stands beside it in words.
import { History, Package, Radio, RotateCw, VenetianMask, type LucideIcon } from "lucide-react";
import type { Plugin, ShadowRow, SlotName } from "../api/client";
import type { Tint } from "../ui/parts";

export const slots: SlotName[] = ["personality", "scene-rules", "overlay"];

export const kinds: Record<SlotName, string> = { personality: "personality", "scene-rules": "scene rules", overlay: "overlay" };

export interface StateWords {
  word: string;
  tint: Tint;
  Icon: LucideIcon;
  means: string;
}

export const states: Record<Plugin["state"], StateWords> = {
  "on air": { word: "on air", tint: "good", Icon: Radio, means: "" },
  shadow: { word: "shadow", tint: "warn", Icon: VenetianMask, means: "hears all, says nothing on air" },
  "last good": { word: "last good", tint: "info", Icon: History, means: "kept warm to go back to" },
  restarting: { word: "backing off", tint: "bad", Icon: RotateCw, means: "failed too often; it is started again" },
  installed: { word: "installed", tint: "idle", Icon: Package, means: "" },
};

export type Verdict = ShadowRow["verdict"];

export interface VerdictWords {
  word: string;
  tint: Tint;
  /** Ground of the shadow's cell. */
  ground: string;
}

export const verdicts: Record<Verdict, VerdictWords> = {
  same: { word: "same", tint: "idle", ground: "" },
  line: { word: "different line", tint: "good", ground: "bg-good/10" },
  silent: { word: "silent", tint: "warn", ground: "bg-warn/10" },
  spoke: { word: "spoke alone", tint: "info", ground: "bg-info/10" },
  mood: { word: "mood differs", tint: "good", ground: "bg-good/10" },
  otherwise: { word: "other acts", tint: "info", ground: "bg-info/10" },
  trapped: { word: "fault", tint: "bad", ground: "bg-live/10" },
};

export const clockTime = (iso: string): string => new Date(iso).toISOString().slice(11, 19);

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export const count = (n: number): string => n.toLocaleString("en");

/** "Mina Vox 1.1.0" */
export const named = (p: { name: string; version: string }): string => `${p.name} ${p.version}`;
