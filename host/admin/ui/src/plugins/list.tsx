import { CircleDashed } from "lucide-react";
import type { KeyboardEvent } from "react";
import type { Plugin, Slot } from "../api/client";
import { usePart } from "../feed/use";
import { ago, brief, clock, cx, tints } from "../ui/parts";
import { kinds, mebibytes, slots as places, states } from "./words";

const rank: Plugin["state"][] = ["on air", "restarting", "shadow", "last good", "installed"];

/** By slot, and in a slot by how near to the air they are. */
export const inOrder = (list: Plugin[]): Plugin[] =>
  list.toSorted((a, b) => places.indexOf(a.kind) - places.indexOf(b.kind) || rank.indexOf(a.state) - rank.indexOf(b.state));

interface Props {
  plugins: Plugin[];
  slots: Slot[];
  chosen: Plugin | null;
  choose: (p: Plugin) => void;
}

export function List({ plugins, slots, chosen, choose }: Props) {
  const empty = slots.filter((s) => !s.on_air && !s.restart);
  return (
    <div tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-1 pb-2" onKeyDown={arrows}>
      <table className="w-full text-xs" aria-label="Plugins">
        <thead className="sticky top-0 z-10 bg-panel text-left text-2xs text-faint">
          <tr>
            <th scope="col" className="py-1.5 pl-2 font-medium">Name</th>
            <th scope="col" className="px-1 font-medium max-sm:hidden">Kind</th>
            <th scope="col" className="px-1 font-medium max-sm:hidden">Version</th>
            <th scope="col" className="px-1 font-medium">State</th>
            <th scope="col" className="px-1 text-right font-medium" title="What 95 calls in 100 stay under">p95</th>
            <th scope="col" className="px-1 text-right font-medium" title="Memory">Mem</th>
            <th scope="col" className="pr-2 pl-1 text-right leading-3.5 font-medium" title="Events on which it failed in the last 24 hours">Traps 24 h</th>
          </tr>
        </thead>
        <tbody>
          {plugins.map((p) => (
            <Row key={`${p.id} ${p.version} ${p.state}`} plugin={p} slot={slots.find((s) => s.slot === p.kind)} on={p === chosen} choose={() => choose(p)} />
          ))}
          {empty.map((s) => (
            <tr key={s.slot} className="border-t border-line/60">
              <td className="py-2 pl-2 text-soft">nothing</td>
              <td className="px-1 text-soft max-sm:hidden">{kinds[s.slot]}</td>
              <td className="max-sm:hidden" />
              <td className="px-1 font-medium whitespace-nowrap text-warn" colSpan={4}><CircleDashed aria-hidden size={13} className="mr-1 inline-block align-[-2px]" />empty<span className="sm:hidden"> · {kinds[s.slot]}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Up and down go from name to name. */
function arrows(e: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step) return;
  const names = [...e.currentTarget.querySelectorAll<HTMLButtonElement>("tbody button")];
  const next = names[names.indexOf(e.target as HTMLButtonElement) + step];
  if (!next) return;
  e.preventDefault();
  next.focus();
  next.click();
}

function Row({ plugin: p, slot, on, choose }: { plugin: Plugin; slot?: Slot; on: boolean; choose: () => void }) {
  const runs = p.state === "on air" || p.state === "shadow";
  return (
    <tr onClick={choose} className={cx("cursor-pointer border-t border-line/60", on ? "bg-hover" : "hover:bg-raised")}>
      <th scope="row" className="max-w-36 py-1.5 pl-2 text-left font-normal">
        <button type="button" aria-pressed={on} onClick={(e) => (e.stopPropagation(), choose())} className="block max-w-full truncate rounded text-left font-semibold">{p.name}</button>
        <span className="block truncate text-2xs text-faint">
          <span className="sm:hidden">{kinds[p.kind]} · <span className="font-mono">{p.version}</span>{p.origin && " · "}</span>
          {p.origin}
        </span>
      </th>
      <td className="px-1 whitespace-nowrap text-soft max-sm:hidden">{kinds[p.kind]}</td>
      <td className="max-w-14 truncate px-1 font-mono text-2xs text-soft max-sm:hidden" title={p.version}>{p.version}</td>
      <td className="px-1"><State plugin={p} slot={slot} /></td>
      <td className="px-1 text-right whitespace-nowrap tabular">{runs ? brief(p.p95_us) : "—"}</td>
      <td className="px-1 text-right whitespace-nowrap tabular">{runs ? mebibytes(p.memory_bytes) : "—"}</td>
      <td className={cx("pr-2 pl-1 text-right tabular", p.traps_24h > 0 && "font-semibold text-live")}>{p.traps_24h}</td>
    </tr>
  );
}

function State({ plugin: p, slot }: { plugin: Plugin; slot?: Slot }) {
  const now = usePart("second");
  const { word, tint, Icon } = states[p.state];
  const again = p.state === "restarting" && slot?.restart;
  return (
    <span className={cx("block font-medium whitespace-nowrap", tints[tint])} title={again ? again.why : undefined}>
      <Icon aria-hidden size={13} className="mr-1 inline-block align-[-2px]" />
      {word}
      {again && <span className="tabular"> {clock(Date.parse(again.at) - now)}</span>}
      {p.since && p.state !== "installed" && <span className="block pl-[17px] text-2xs font-normal text-faint tabular">{ago(now - Date.parse(p.since))}</span>}
    </span>
  );
}
