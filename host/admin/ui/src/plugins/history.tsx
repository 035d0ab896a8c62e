import { Undo2 } from "lucide-react";
import { useState } from "react";
import type { Slot, Version } from "../api/client";
import { ChainDialog } from "../panels/chain-dialog";
import { Button, cx, Panel } from "../ui/parts";
import { useCast } from "./cast";
import { clockTime, kinds } from "./words";

const tones: Record<Version["state"], string> = { "on air": "text-good", "last good": "text-info", replaced: "text-soft", reverted: "text-live" };

/** Who was on air in a slot, and the way back. */
export function History({ slot }: { slot: Slot }) {
  const cast = useCast();
  const [cause, setCause] = useState<number | null>(null);
  const { traps, window_ms } = slot.supervision;
  return (
    <Panel title={`History · ${kinds[slot.slot]}`} area="history">
      <div tabIndex={0} role="region" aria-label="Turns on air, newest first" className="min-h-0 flex-1 overflow-y-auto px-3.5">
        {slot.history.length === 0 && <p className="py-3 text-sm text-faint">Nothing was on air in this slot yet.</p>}
        <ol>
          {slot.history.map((v) => (
            <li key={v.since + v.plugin + v.version} className="flex min-h-11 items-center gap-3 border-t border-line/60 py-1.5 text-xs first:border-0">
              <div className="min-w-0 flex-1">
                <p className="truncate"><span className="font-semibold">{v.name}</span> <span className="font-mono text-2xs text-soft">{v.version}</span></p>
                <p className={cx("text-2xs", tones[v.state])}>
                  {v.state === "on air" ? "on air since " : `${v.state}, `}<span className="tabular">{v.state === "on air" ? clockTime(v.since) : `${clockTime(v.since)}–${v.until ? clockTime(v.until) : ""}`}</span>
                  {v.why && <>: {v.why}</>}
                  {v.by && !v.why && <span className="text-faint"> · by {v.by}</span>}
                  {v.warm && <span className="text-faint"> · warm</span>}
                </p>
              </div>
              {v.state === "last good" && <Button waits={cast.busy} onClick={() => cast.rollBack(slot)}><Undo2 aria-hidden size={14} /> Roll back</Button>}
              {v.state === "reverted" && v.cause ? <Button onClick={() => setCause(v.cause ?? null)} aria-label={`Why ${v.name} ${v.version} was reverted`}>Why</Button> : null}
            </li>
          ))}
        </ol>
      </div>
      <p className="border-t border-line/60 px-3.5 py-2 text-2xs text-faint">More than {traps} failures in {window_ms / 1000} s: back to the last good one, by itself.</p>
      {cause !== null && <ChainDialog root={cause} close={() => setCause(null)} />}
    </Panel>
  );
}
