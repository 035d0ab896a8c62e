// What an operator does to the plugins. What can be taken back happens at once and offers the way back; the rest asks first.
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { api, type Capability, type Plugin, type Quarantined, type Slot, type SlotName, type Swap, type Version } from "../api/client";
import { Confirm } from "../ui/confirm";
import { useAct } from "../ui/notices";
import { brief } from "../ui/parts";
import { named } from "./words";

export interface Cast {
  swap(p: Plugin): void;
  shadow(p: Plugin, slot?: Slot): void;
  drop(slot: Slot): void;
  promote(slot: Slot, when: "now" | "quiet"): void;
  callOff(slot: Slot): void;
  rollBack(slot: Slot): void;
  /** For good, or so that a person is asked each time. */
  grant(p: Plugin, c: Capability, ask?: boolean): void;
  revoke(p: Plugin, c: Capability): void;
  retry(slot: Slot, q: Quarantined): void;
  remove(p: Plugin): void;
  /** While something is being done nothing else is begun. */
  busy: boolean;
}

const CastContext = createContext<Cast | null>(null);

export function useCast(): Cast {
  const cast = useContext(CastContext);
  if (!cast) throw new Error("outside of the page of plugins");
  return cast;
}

/** What has the focus may go with the state that it was for, as a button does that was pressed: the keyboard goes on at the chosen plugin. */
function useFocusKept() {
  const held = useRef<Element | null>(null);
  useEffect(() => {
    if (document.activeElement !== document.body) {
      held.current = document.activeElement;
      return;
    }
    if (held.current && !held.current.isConnected) document.querySelector<HTMLElement>("[data-chosen]")?.focus({ preventScroll: true });
    held.current = null;
  });
}

interface Question {
  title: string;
  words: string;
  yes: string;
  act: () => Promise<unknown>;
}

export function CastActs({ refresh, children }: { refresh: () => void; children: ReactNode }) {
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const [question, ask] = useState<Question | null>(null);
  useFocusKept();
  const cast = useMemo<Cast>(() => {
    const run = (doing: () => Promise<unknown>) => {
      setBusy(true);
      void doing().finally(() => {
        setBusy(false);
        refresh();
      });
    };
    const back = (words: string) => ({ when: (s: Swap) => s.from !== "", act: (s: Swap) => goBack(s).finally(refresh), done: words });
    return {
      busy,
      swap: (p) => run(() => act(() => api.swap(p.id), (s) => onAir(named(p), s), back("Taken back."))),
      shadow: (p, slot) => {
        const load = () => act(() => api.shadow(p.id), `${named(p)} hears the show as shadow.`, { act: (s: Slot) => unshadow(s).finally(refresh), done: "The shadow is over." });
        if (!slot?.shadow) return run(load);
        ask({ title: `Replace the shadow ${named(slot.shadow)}?`, words: `What was compared so far is lost. ${named(p)} begins anew.`, yes: "Replace", act: load });
      },
      drop: (slot) => {
        const p = slot.shadow;
        if (!p) return;
        ask({ title: `End the shadow of ${named(p)}?`, words: "What was compared so far is lost; download it first to keep it.", yes: "End it", act: () => act(() => api.dropShadow(slot.slot, idOf(p)), `The shadow of ${named(p)} is over.`) });
      },
      promote: (slot, when) => {
        const p = slot.shadow;
        if (!p) return;
        if (when === "now") return run(() => act(() => promoted(slot.slot, idOf(p)), (s) => onAir(named(p), s), back("Taken back.")));
        run(() => act(() => api.promote(slot.slot, idOf(p), "quiet"), `${named(p)} goes on air at the next quiet moment.`, { act: () => api.callOff(slot.slot).finally(refresh), done: "Called off." }));
      },
      callOff: (slot) => run(() => act(() => api.callOff(slot.slot), "Called off.", { when: (s: Slot) => !!s.shadow, act: (s: Slot) => api.promote(s.slot, s.shadow ? idOf(s.shadow) : "", "quiet").finally(refresh), done: "It waits for a quiet moment again." })),
      rollBack: (slot) => {
        const good = slot.last_good;
        if (!good) return;
        run(() => act(() => rolledBack(slot.slot, good), (s) => `${s.to} ${s.to_version} is back on air.`, {
          when: (s) => s.returns, act: (s) => putBack(s).finally(refresh), done: "Taken back.",
        }));
      },
      grant: (p, c, ask = false) => {
        const done = ask ? `You are asked each time ${p.name} wants to use ${c.name}.` : `${c.name} granted to ${p.name}.`;
        const before = c.granted ? { act: () => api.grant(p, c.name, c.ask).finally(refresh), done: `${c.name} is as it was.`, when: (now: Capability) => sameLimits(now, c) } : { act: () => api.revoke(p.id, c.name).finally(refresh), done: `${c.name} revoked.` };
        run(() => act(() => api.grant(p, c.name, ask), done, before));
      },
      revoke: (p, c) =>
        run(() => act(() => api.revoke(p.id, c.name), `${c.name} revoked from ${p.name}.`, {
          when: (now) => sameLimits(now, c), act: () => api.grant(p, c.name, c.ask).finally(refresh), done: `${c.name} granted again.`,
        })),
      remove: (p) =>
        ask({
          title: `Remove ${named(p)}?`, yes: "Remove", words: "The installed package goes; install it anew to have it back. What it kept in its store stays.",
          act: () => act(() => api.uninstall(p.package ?? ""), `${named(p)} is gone.`),
        }),
      retry: (slot, q) =>
        ask({
          title: `Play event ${q.seq} again?`, yes: "Play again", words: `${slot.on_air ? named(slot.on_air) : "The plugin on air"} hears “${q.cause}” now. What it answers goes on air.`,
          act: () => act(() => retried(slot, q.seq), (n) => `Event ${q.seq} went well: ${n} ${n === 1 ? "command" : "commands"}.`),
        }),
    };
  }, [act, busy, refresh]);
  const answer = (yes: boolean) => {
    ask(null);
    if (!yes || !question) return;
    setBusy(true);
    void question.act().finally(() => {
      setBusy(false);
      refresh();
    });
  };
  return (
    <CastContext value={cast}>
      {children}
      {question && <Confirm title={question.title} yes={question.yes} done={answer}>{question.words}</Confirm>}
    </CastContext>
  );
}

const onAir = (who: string, s: Swap): string => `${who} is on air; the slot was empty for ${brief(s.pause_us)}.`;

/** By which an act on a slot says whom it means. */
const idOf = (p: Plugin | Version): string => `${"plugin" in p ? p.plugin : p.id}@${p.version}`;

/** Ends the shadow that began with this answer, not one that came after it. */
export const unshadow = async (s: Slot): Promise<unknown> => s.shadow && api.dropShadow(s.slot, idOf(s.shadow));

async function promoted(slot: SlotName, plugin: string): Promise<Swap> {
  const got = await api.promote(slot, plugin, "now");
  if (!got.swap) throw new Error("It waits for a quiet moment.");
  return got.swap;
}

const otherMeanwhile = "Another plugin was put on air meanwhile; nothing is taken back.";

/** Goes back to what a swap took off air, unless something else happened in the slot meanwhile. */
async function goBack(s: Swap): Promise<Swap> {
  const slot = (await api.slots()).find((x) => x.slot === s.slot);
  const good = slot?.last_good;
  if (slot?.on_air?.id !== s.to || slot.on_air.version !== s.to_version || good?.plugin !== s.from || good.version !== s.from_version) {
    throw new Error(otherMeanwhile);
  }
  return api.rollBack(s.slot as SlotName, idOf(good));
}

/** Takes a roll-back back, unless something else happened in the slot meanwhile. */
async function putBack(s: Swap): Promise<Swap> {
  const on = (await api.slots()).find((x) => x.slot === s.slot)?.on_air;
  if (on?.id !== s.to || on.version !== s.to_version) throw new Error(otherMeanwhile);
  return api.swap(s.from);
}

/** Rolls back, and finds out whether the version that was on air is installed, so that it can return. */
async function rolledBack(slot: SlotName, to: Version): Promise<Swap & { returns: boolean }> {
  const s = await api.rollBack(slot, idOf(to));
  const list = await api.plugins().catch((): Plugin[] => []);
  return { ...s, returns: list.some((p) => p.id === s.from && p.version === s.from_version && p.state !== "restarting") };
}

/** A grant that was narrower than what the plugin asks for cannot be given again from here. */
const sameLimits = (a: Capability, b: Capability): boolean => a.limit === b.limit && (a.hosts ?? []).join() === (b.hosts ?? []).join();

async function retried(slot: Slot, seq: number): Promise<number> {
  const r = await api.retry(slot.slot, seq, slot.on_air ? idOf(slot.on_air) : "");
  if (!r.ok) throw new Error(`Event ${seq} failed again: ${r.reason ?? "no reason given"}`);
  return r.commands;
}
