import { ArrowLeftRight, FileClock, MonitorPlay, Trash2, Undo2, VenetianMask } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import type { Plugin, Slot } from "../api/client";
import { usePart } from "../feed/use";
import { Badge, Button, clock } from "../ui/parts";
import { useCast } from "./cast";
import { Replay } from "./replay";
import { kinds, named, states } from "./words";

/** The chosen plugin and what can be done to it. */
export function Head({ plugin: p, slot }: { plugin: Plugin; slot?: Slot }) {
  const id = useId();
  const { word, tint, Icon, means } = states[p.state];
  return (
    <section aria-labelledby={id} tabIndex={-1} className="shrink-0 scroll-mt-16 rounded-xl outline-offset-[-2px]! border border-line bg-panel px-3.5 py-3" data-chosen>
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5">
        <h2 id={id} className="text-lg min-w-0 font-semibold tracking-tight wrap-anywhere">{p.name} <span className="sr-only">{kinds[p.kind]}</span></h2>
        <span className="rounded-full border border-line px-2 font-mono text-2xs leading-5 wrap-anywhere">{p.version}</span>
        {p.origin && <Badge>{p.origin}</Badge>}
        <Badge tint={tint}><Icon aria-hidden size={12} /> {word}{means && ` · ${means}`}</Badge>
      </div>
      {p.description && <p className="mt-1 text-sm break-words text-soft">{p.description}</p>}
      {p.last_trap && <p className="mt-1 text-xs break-words text-live">Failed last: {p.last_trap}</p>}
      {slot && <div className="mt-2.5 flex flex-wrap items-center gap-1.5"><Acts plugin={p} slot={slot} /><ReplayButton key={`${p.id} ${p.version}`} plugin={p} /></div>}
    </section>
  );
}

function Acts({ plugin: p, slot }: { plugin: Plugin; slot: Slot }): ReactNode {
  const cast = useCast();
  switch (p.state) {
    case "on air":
    case "last good":
      return (
        <>
          <BackButton slot={slot} look={p.state === "last good" ? "gold" : "plain"} />
          {p.state === "last good" && <Shadow plugin={p} slot={slot} />}
        </>
      );
    case "shadow":
      return (
        <>
          {slot.promotion ? <Waiting slot={slot} /> : <Button look="gold" waits={cast.busy} onClick={() => cast.promote(slot, "quiet")}>Promote at a quiet moment</Button>}
          <Button waits={cast.busy} onClick={() => cast.promote(slot, "now")}>Promote now</Button>
          <a href="/preview" target="_blank" rel="noreferrer" className="inline-flex h-8 items-center gap-1.5 rounded-lg border border-line bg-raised px-2.5 text-xs font-semibold whitespace-nowrap hover:bg-hover"><MonitorPlay aria-hidden size={14} /> Open preview</a>
          <Button look="danger" waits={cast.busy} onClick={() => cast.drop(slot)}>Drop shadow…</Button>
        </>
      );
    default:
      return (
        <>
          <Shadow plugin={p} slot={slot} />
          <Button waits={cast.busy} onClick={() => cast.swap(p)}><ArrowLeftRight aria-hidden size={14} /> Swap in now</Button>
          {p.package && <Button look="danger" waits={cast.busy} onClick={() => cast.remove(p)}><Trash2 aria-hidden size={14} /> Remove…</Button>}
        </>
      );
  }
}

function ReplayButton({ plugin }: { plugin: Plugin }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}><FileClock aria-hidden size={14} /> Replay a session…</Button>
      {open && <Replay plugin={plugin} close={() => setOpen(false)} />}
    </>
  );
}

function Shadow({ plugin: p, slot }: { plugin: Plugin; slot: Slot }) {
  const cast = useCast();
  return (
    <Button look={p.state === "installed" ? "gold" : "plain"} waits={cast.busy} onClick={() => cast.shadow(p, slot)}>
      <VenetianMask aria-hidden size={14} /> Load as shadow{slot.shadow && "…"}
    </Button>
  );
}

function BackButton({ slot, look }: { slot: Slot; look: "gold" | "plain" }) {
  const cast = useCast();
  const good = slot.last_good;
  if (!good) return <p className="text-xs text-faint">No version before this one to go back to.</p>;
  return <Button look={look} waits={cast.busy} onClick={() => cast.rollBack(slot)}><Undo2 aria-hidden size={14} /> Roll back to {named(good)}</Button>;
}

function Waiting({ slot }: { slot: Slot }) {
  const cast = useCast();
  const now = usePart("second");
  const until = slot.promotion?.deadline ?? "";
  return (
    <span className="inline-flex h-8 items-center gap-2 rounded-lg border border-gold/60 pl-2.5 text-xs text-gold">
      Waits for a quiet moment, <span className="tabular">{clock(Date.parse(until) - now)}</span> at most
      <Button look="quiet" waits={cast.busy} onClick={() => cast.callOff(slot)} className="h-7">Call off</Button>
    </span>
  );
}
