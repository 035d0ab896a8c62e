import { memo, useState } from "react";
import type { Chain, Kind, Step, Tone } from "../feed/chains";
import { usePart } from "../feed/use";
import { cx, Panel } from "../ui/parts";
import { ChainDialog } from "./chain-dialog";

export function Story() {
  const chains = usePart("chains");
  const [open, setOpen] = useState<number | null>(null);
  return (
    <Panel title="What just happened" area="story" side={<Pulse />} className="max-h-[70dvh] min-h-64 min-[1240px]:max-h-none">
      <ol aria-label="Causes and what followed, newest first" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-3.5 pb-3">
        {chains.length === 0 && <li className="py-6 text-center text-sm text-faint">Nothing yet. The first post makes the first line.</li>}
        {chains.map((c) => <Line key={c.root} chain={c} open={setOpen} />)}
      </ol>
      {open !== null && <ChainDialog root={open} close={() => setOpen(null)} />}
    </Panel>
  );
}

/** Facts a second, over the last half minute. */
function Pulse() {
  const pulse = usePart("pulse");
  const top = Math.max(8, ...pulse);
  const points = pulse.map((n, i) => `${i * 2},${16 - (15 * n) / top}`).join(" ");
  return (
    <span title="Facts a second" className="flex items-center gap-2 text-2xs text-soft tabular">
      <svg aria-hidden viewBox="0 0 64 16" className="h-4 w-16 text-info"><polyline points={points} fill="none" stroke="currentColor" strokeWidth="1.25" /></svg>
      {pulse.at(-1) ?? 0}/s
    </span>
  );
}

const tones: Record<Tone, string> = { plain: "text-soft", good: "text-good", bad: "text-live", warn: "text-warn", info: "text-info" };

const styles: Partial<Record<Kind, string>> = { quote: "text-text italic", frame: "whitespace-nowrap font-mono text-2xs text-faint tabular" };

const Line = memo(function Line({ chain: c, open }: { chain: Chain; open: (root: number) => void }) {
  return (
    <li className="arrive border-b border-line/70 py-2 last:border-0">
      <div className="flex items-baseline gap-2">
        <time dateTime={c.at} className="shrink-0 font-mono text-2xs text-faint tabular">{new Date(c.at).toISOString().slice(11, 19)}</time>
        <button type="button" onClick={() => open(c.root)} title="All facts of this line" className="min-w-0 truncate rounded text-left text-xs hover:underline hover:decoration-faint hover:underline-offset-4">
          <span className={cx("font-semibold", c.tone === "plain" ? "text-text" : tones[c.tone])}>{c.who || "…"}</span>{" "}
          <span className="text-soft">{c.what}</span>
        </button>
        {c.millis !== undefined && (
          <span title="from the cause to the frame that shows it" className={cx("ml-auto shrink-0 font-mono text-2xs tabular", c.millis <= 150 ? "text-good" : "text-warn")}>
            +{c.millis < 1000 ? `${c.millis.toFixed(0)} ms` : `${(c.millis / 1000).toFixed(2)} s`}
          </span>
        )}
      </div>
      {c.steps.length > 0 && (
        <p className="mt-0.5 pl-16 text-xs leading-relaxed">
          {c.steps.map((s, i) => <StepWords key={i} step={s} first={i === 0} />)}
        </p>
      )}
    </li>
  );
});

function StepWords({ step, first }: { step: Step; first: boolean }) {
  return (
    <>
      {!first && <Arrow />}
      <span className={styles[step.kind] ?? tones[step.tone]}>{step.kind === "quote" ? `“${step.text}”` : step.text}</span>
    </>
  );
}

const Arrow = () => <span className="text-faint"> → </span>;
