// The preview window of `sothebais dev`: what the plugin that is being written does, beside the programme.
import { CircleAlert, Terminal } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, type DevReport, type Me, type ShadowReport, type Slot } from "./api/client";
import { useQuery } from "./feed/query";
import { usePart, useRoom } from "./feed/use";
import { Screen } from "./panels/program";
import { Nothing } from "./plugins/states";
import { clockTime, verdicts } from "./plugins/words";
import { ago, Badge, cx, Panel } from "./ui/parts";

/** What is being written, as soon as it changes. */
function useDevs(): DevReport[] | null {
  const room = useRoom();
  const [list, setList] = useState<DevReport[] | null>(null);
  useEffect(() => {
    const left = new AbortController();
    const gone = () => left.signal.aborted;
    const follow = async () => {
      for (let after = 0; !gone(); ) {
        try {
          const got = await api.devs(after, left.signal);
          if (gone()) return;
          after = got.revision;
          setList(got.items);
        } catch (err) {
          if (gone()) return;
          room.failed(err);
          await new Promise((r) => setTimeout(r, 2000));
          after = 0; // the program may be another one by now
        }
      }
    };
    void follow();
    return () => left.abort();
  }, [room]);
  return list;
}

export function Preview({ me }: { me: Me }) {
  const devs = useDevs();
  const slots = useQuery<Slot[]>("slots", api.slots, 2_000);
  const shadow = slots.data?.find((s) => s.shadow?.origin === "dev") ?? slots.data?.find((s) => s.shadow);
  const title = devs?.[0]?.plugin ?? shadow?.shadow?.name ?? "Preview";
  return (
    <main className="preview">
      <title>{`DEV ${title} · ${me.name}`}</title>
      <h1 className="sr-only">{me.name}: preview</h1>
      <section aria-label="Program" style={{ gridArea: "program" }} className="min-w-0 rounded-xl border border-line bg-panel p-2"><Screen /></section>
      <div style={{ gridArea: "work" }} className="flex min-h-0 min-w-0 flex-col gap-2.5">
        {devs?.map((d) => <Work key={d.folder} dev={d} />)}
        {devs?.length === 0 && (
          <Panel title="Being written">
            <Nothing>Nobody writes a plugin just now. Begin with:<code className="mt-2 block font-mono text-xs text-soft">sothebais dev ./my-plugin</code></Nothing>
          </Panel>
        )}
      </div>
      <Panel title="Shadow, live" area="shadow" side={shadow?.shadow && <Badge tint="warn">{shadow.shadow.name} {shadow.shadow.version} in shadow</Badge>}>
        {shadow ? <Rows slot={shadow} /> : <Nothing>Nothing is in shadow.</Nothing>}
      </Panel>
    </main>
  );
}

/** The last save: what it asked for, or why it is not tried. */
function Work({ dev: d }: { dev: DevReport }) {
  const now = usePart("second");
  const asked = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (asked.current) asked.current.scrollTop = asked.current.scrollHeight; // the newest events are the last
  }, [d.reactions]);
  return (
    <Panel
      title={d.plugin || "Being written"} className="min-h-48 flex-1"
      side={d.error ? <Badge tint="bad"><CircleAlert aria-hidden size={12} /> broken</Badge> : <Badge tint={d.in_shadow ? "warn" : "idle"}>{d.version} {d.in_shadow ? "in shadow" : "on its way into shadow"}</Badge>}
    >
      <p className="flex items-center gap-1.5 px-3.5 text-2xs break-all text-faint"><Terminal aria-hidden size={12} className="shrink-0" /> {d.folder}</p>
      <p role="status" className="mt-1 px-3.5 text-sm">
        {d.error ? <span className="font-semibold text-live">This version is not tried; the one before goes on.</span>
          : d.saves > 0 ? <><span className="font-semibold">Reacted {d.millis} ms after you saved</span> <span className="text-faint">· save {d.saves}, {ago(now - Date.parse(d.at))} ago</span></>
            : <span className="font-semibold">As it is now; save it to see what changes</span>}
      </p>
      {d.error ? (
        <pre tabIndex={0} role="region" aria-label="What is wrong" className="m-2.5 min-h-0 overflow-auto rounded-lg border border-live/50 bg-live/8 px-3 py-2 font-mono text-xs break-words whitespace-pre-wrap text-live">{d.error}</pre>
      ) : (
        <>
          <h3 className="eyebrow mt-2.5 px-3.5">To the last {d.events} events it would</h3>
          <pre ref={asked} tabIndex={0} role="region" aria-label="What it asked for" className="m-2.5 mt-1.5 min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-raised px-3 py-2 font-mono text-2xs leading-4.5 break-words whitespace-pre-wrap">{d.reactions || "do nothing."}</pre>
        </>
      )}
    </Panel>
  );
}

function Rows({ slot }: { slot: Slot }) {
  const report = useQuery<ShadowReport>(`preview ${slot.slot} ${slot.shadow?.since}`, () => api.report(slot.slot), 500);
  const rows = report.data?.rows ?? [];
  if (rows.length === 0) return <Nothing>{report.error || "It hears the show; what it would do comes here."}</Nothing>;
  return (
    <ul aria-label="What the shadow would do, newest first" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-3.5 pb-2 text-xs">
      {rows.slice(0, 60).map((r) => {
        const { word, ground } = verdicts[r.verdict];
        const said = [r.shadow.mood, ...r.shadow.lines.map((l) => `“${l}”`), ...r.shadow.others].filter(Boolean).join(" · ");
        return (
          <li key={r.seq} className="flex gap-2.5 border-t border-line/60 py-1.5 first:border-0">
            <time dateTime={r.at} className="shrink-0 pt-px font-mono text-2xs text-faint tabular">{clockTime(r.at)}</time>
            <div className="min-w-0 flex-1">
              <p className="text-soft">{r.cause} <span className="text-2xs text-faint">{word}</span></p>
              <p className={cx("rounded px-1 -mx-1 break-words", ground)}>{r.shadow.trap ? <span className="text-live">fails: {r.shadow.trap}</span> : said || "says nothing"}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
