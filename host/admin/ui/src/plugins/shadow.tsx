import { Download, TriangleAlert } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { api, type ShadowReport, type ShadowRow, type ShadowSide, type Slot } from "../api/client";
import { useQuery } from "../feed/query";
import { usePart } from "../feed/use";
import { ChainDialog } from "../panels/chain-dialog";
import { ago, brief, cx, tints } from "../ui/parts";
import { Failed, Nothing } from "./states";
import { clockTime, count, named, verdicts, type Verdict } from "./words";

const pace = 2_000;
const keptRows = 256; // as the program has it

/** The shadow beside the one on air, event by event. */
export function ShadowDiff({ slot }: { slot: Slot }) {
  const shadow = slot.shadow;
  const key = shadow ? `${slot.slot} ${shadow.id} ${shadow.version} ${shadow.since}` : "";
  const report = useQuery(key, () => api.report(slot.slot), pace);
  if (!shadow) return <Nothing>Nothing is in shadow. Load a plugin as shadow to see what it would do, before it does.</Nothing>;
  if (!report.data) return report.error ? <Failed error={report.error} again={report.refresh} /> : <Nothing>Comparing…</Nothing>;
  return <Report slot={slot} report={report.data} error={report.error} />;
}

function Report({ slot, report: r, error }: { slot: Slot; report: ShadowReport; error: string }) {
  const now = usePart("second");
  const [only, setOnly] = useState<Verdict | null>(null);
  const [cause, setCause] = useState<number | null>(null);
  const rows = only ? r.rows.filter((row) => row.verdict === only) : r.rows;
  const [at, go] = useState(0); // event whose cause the Tab key leads to: one of hundreds, the arrows go on from there
  const stop = rows.some((row) => row.seq === at) ? at : rows[0]?.seq;
  const needs = r.powers.filter((p) => !p.granted);
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-3.5 pb-2">
        <Counts counts={r.counts} only={only} choose={setOnly} />
        <a href={`/api/v1/slots/${slot.slot}/shadow.md`} download className="ml-auto inline-flex h-7 items-center gap-1.5 rounded-lg border border-line bg-raised px-2.5 text-xs font-semibold hover:bg-hover">
          <Download aria-hidden size={14} /> Diff .md
        </a>
        <p className="w-full text-2xs text-faint tabular">
          {ago(now - Date.parse(r.since))} · {count(r.events)} events{r.missed > 0 && <span className="text-warn"> · {count(r.missed)} missed, too slow</span>} · p95 {brief(r.cost.shadow.p95_us)}, on air {brief(r.cost.on_air.p95_us)}
          {needs.length > 0 && <span className="text-warn"> · would need {needs.map((p) => `${p.name} ${count(p.used)}×`).join(", ")}</span>}
        </p>
        {error && <p role="alert" className="w-full text-2xs text-live">{error}</p>}
      </div>
      <div tabIndex={0} role="region" aria-label="Events, newest first" onKeyDown={arrows} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        <div role="table" aria-label="Shadow diff" className="text-xs">
          <div role="row" className="sticky top-0 z-10 grid grid-cols-2 bg-panel text-2xs font-medium text-faint sm:grid-cols-(--diff-columns)">
            <span role="columnheader" className="px-1.5 py-1 max-sm:sr-only">Time</span>
            <span role="columnheader" className="px-1.5 py-1 max-sm:sr-only">Cause</span>
            <span role="columnheader" className="truncate px-1.5 py-1">On air: {slot.on_air ? named(slot.on_air) : "nothing"}</span>
            <span role="columnheader" className="truncate px-1.5 py-1">Shadow: {slot.shadow && named(slot.shadow)}</span>
          </div>
          {rows.map((row) => <Row key={row.seq} row={row} open={setCause} stop={row.seq === stop} reached={() => go(row.seq)} />)}
        </div>
        {only === "same" && r.counts.same > rows.length && <p className="px-1.5 py-2 text-2xs text-faint">Events to which neither answered are the same, too, and have no row.</p>}
        {r.rows.length >= keptRows && <p className="px-1.5 py-2 text-2xs text-faint">Older events are counted; what came of them is not kept.</p>}
        {rows.length === 0 && <Nothing>{only ? `No event of this kind among the last ${r.rows.length}.` : "Neither has answered to anything yet."}</Nothing>}
      </div>
      {cause !== null && <ChainDialog root={cause} close={() => setCause(null)} />}
    </>
  );
}

const counted: [Verdict, string][] = [
  ["same", "same"], ["line", "different line"], ["mood", "mood differs"], ["silent", "silent where live spoke"], ["spoke", "spoke where live was silent"],
  ["otherwise", "other acts"], ["trapped", "faults"],
];

/** How many events of each kind; each shows its own rows. */
function Counts({ counts, only, choose }: { counts: ShadowReport["counts"]; only: Verdict | null; choose: (v: Verdict | null) => void }) {
  return (
    <div role="group" aria-label="Counts; choose one to see its rows alone" className="flex flex-wrap gap-1">
      {counted.filter(([v]) => counts[v] > 0 || v !== "spoke" && v !== "otherwise").map(([v, word]) => (
        <button
          key={v} type="button" aria-pressed={only === v} onClick={() => choose(only === v ? null : v)}
          className={cx("inline-flex h-6 items-center gap-1.5 rounded-full border px-2 text-2xs font-medium whitespace-nowrap", only === v ? "border-text bg-hover text-text" : "border-line text-soft hover:bg-hover")}
        >
          {word} <b className={cx("font-semibold tabular", counts[v] > 0 && tints[verdicts[v].tint])}>{count(counts[v])}</b>
        </button>
      ))}
    </div>
  );
}

/** Up and down go from cause to cause. */
function arrows(e: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step || !(e.target instanceof HTMLButtonElement)) return;
  const causes = [...e.currentTarget.querySelectorAll("button")];
  const next = causes[causes.indexOf(e.target) + step];
  if (!next) return;
  e.preventDefault();
  next.focus();
}

interface RowProps {
  row: ShadowRow;
  open: (seq: number) => void;
  /** The Tab key stops here. */
  stop: boolean;
  reached: () => void;
}

function Row({ row, open, stop, reached }: RowProps) {
  const { word, tint, ground } = verdicts[row.verdict];
  return (
    <div role="row" className="grid grid-cols-2 border-t border-line/60 sm:grid-cols-(--diff-columns)">
      <div role="cell" className="px-1.5 py-1.5 max-sm:order-1">
        <time dateTime={row.at} className="font-mono text-2xs tabular">{clockTime(row.at)}</time>
        <span className={cx("block text-2xs font-medium max-sm:inline max-sm:pl-2", tints[tint])}>{word}</span>
      </div>
      <div role="cell" className="min-w-0 px-1.5 py-1.5 max-sm:order-2">
        <button type="button" tabIndex={stop ? 0 : -1} onFocus={reached} onClick={() => open(row.seq)} title="All facts that followed" className="max-w-full rounded text-left break-words hover:underline hover:decoration-faint hover:underline-offset-4">{row.cause}</button>
      </div>
      <Side side={row.on_air} className="max-sm:order-3" />
      <Side side={row.shadow} className={cx("max-sm:order-4", ground)} />
    </div>
  );
}

function Side({ side: s, className }: { side: ShadowSide; className?: string }) {
  const silent = !s.mood && s.lines.length === 0 && s.others.length === 0 && !s.trap;
  return (
    <div role="cell" className={cx("min-w-0 px-1.5 py-1.5 leading-relaxed break-words", className)}>
      {silent && <span className="text-faint">— silent</span>}
      {s.mood && <b className="font-semibold">{s.mood} </b>}
      {s.lines.map((l, i) => <span key={i}>“{l}” </span>)}
      {s.others.length > 0 && <span className="text-soft">{s.others.join(", ")} </span>}
      {s.needs.length > 0 && <span className="text-warn">needs {s.needs.join(", ")}</span>}
      {s.trap && <span className="text-live"><TriangleAlert aria-hidden size={12} className="mr-1 inline align-[-2px]" />failed: {s.trap}</span>}
    </div>
  );
}
