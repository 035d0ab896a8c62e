// Plays a past show to a plugin and sets what it makes of it beside what happened then. Nothing of it reaches the show.
import { Download, History, Radio, FileClock, TriangleAlert } from "lucide-react";
import { useCallback, useEffect, useId, useRef, useState } from "react";
import { api, type Plugin, type ReplayGroup, type ReplayReport, type ReplaySession } from "../api/client";
import { Body, Dialog, Foot } from "../ui/dialog";
import { Badge, Button, cx, tints, type Tint } from "../ui/parts";
import { Nothing } from "./states";
import { clockTime, count, kinds, named, verdicts, type Verdict } from "./words";

interface Choice {
  session: string;
  against: string;
  resync: boolean;
}

export function Replay({ plugin: asked, close }: { plugin: Plugin; close: () => void }) {
  const [plugin] = useState(asked); // the page asks for news of it all the time
  const [sessions, setSessions] = useState<ReplaySession[] | null>(null);
  const [choice, choose] = useState<Choice>({ session: "", against: "", resync: false });
  const [report, setReport] = useState<ReplayReport | null>(null);
  const [wrong, setWrong] = useState("");
  const [running, setRunning] = useState<AbortController | null>(null);
  const latest = useRef(running);
  latest.current = running;
  useEffect(() => () => latest.current?.abort(), []); // who closes the dialog wants no answer any more

  useEffect(() => {
    let gone = false;
    api.sessions().then(
      (list) => {
        if (gone) return;
        setSessions(list);
        const first = list.find((s) => opponents(s, plugin).length > 0);
        if (first) choose((c) => ({ ...c, session: first.session }));
      },
      (err: Error) => !gone && setWrong(err.message),
    );
    return () => {
      gone = true;
    };
  }, [plugin]);

  const play = async () => {
    const stop = new AbortController();
    setRunning(stop);
    setWrong("");
    try {
      setReport(await api.replay({ plugin: plugin.id, version: plugin.version, session: choice.session, against: choice.against || undefined, resync: choice.resync }, stop.signal));
    } catch (err) {
      if (!stop.signal.aborted) setWrong(err instanceof Error ? err.message : String(err));
    } finally {
      setRunning(null);
    }
  };

  const chosen = sessions?.find((s) => s.session === choice.session);
  return (
    <Dialog title={`Replay a session to ${named(plugin)}`} close={close} wide={report !== null}>
      <Body label={report ? "Comparison" : undefined}>
        {report ? <Report report={report} /> : running ? <Waiting /> : <Choose plugin={plugin} sessions={sessions} choice={choice} choose={choose} chosen={chosen} />}
        {wrong && <p role="alert" className="mt-3 rounded-lg border border-live/50 bg-live/8 px-3 py-2 text-sm break-words text-live">{wrong}</p>}
      </Body>
      <Foot>
        {report && (
          <a href={`/api/v1/replays/${report.id}/report.md`} download className="mr-auto inline-flex h-9 items-center gap-1.5 rounded-lg border border-line bg-raised px-4 text-xs font-semibold hover:bg-hover">
            <Download aria-hidden size={14} /> Comparison .md
          </a>
        )}
        {report && <Button onClick={() => setReport(null)} className="h-9 px-4">Another session</Button>}
        {running ? <Button onClick={() => running.abort()} className="h-9 px-4">Stop</Button> : <Button onClick={close} className="h-9 px-4">{report ? "Close" : "Cancel"}</Button>}
        {!report && <Button look="gold" disabled={running !== null || !chosen || opponents(chosen, plugin).length === 0} onClick={() => void play()} className="h-9 px-4">{running ? "Playing…" : "Replay"}</Button>}
      </Foot>
    </Dialog>
  );
}

/** Who was in the plugin's slot: each version once, the one that was there longest first. */
function opponents(s: ReplaySession, plugin: Plugin): { name: string; words: string; events: number }[] {
  const by = new Map<string, { name: string; words: string; events: number }>();
  for (const t of s.takes) {
    if (t.slot !== plugin.kind || s.problem) continue;
    const name = `${t.plugin}@${t.version}`;
    const was = by.get(name);
    by.set(name, { name, words: `${t.plugin} ${t.version}`, events: Math.max(t.events, was?.events ?? 0) });
  }
  return [...by.values()].sort((a, b) => b.events - a.events);
}

interface ChooseProps {
  plugin: Plugin;
  sessions: ReplaySession[] | null;
  choice: Choice;
  choose: (c: Choice) => void;
  chosen: ReplaySession | undefined;
}

function Choose({ plugin, sessions, choice, choose, chosen }: ChooseProps) {
  const id = useId();
  if (!sessions) return <Nothing>Looking for shows…</Nothing>;
  if (sessions.length === 0) return <Nothing>No show stands in the ledger yet, and there is no recording. Come back when one has run.</Nothing>;
  const against = chosen ? opponents(chosen, plugin) : [];
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-soft">{plugin.name} hears what was heard then, in a process of its own beside the show. Nothing that it does reaches the stage.</p>
      <fieldset>
        <legend className="eyebrow mb-1.5">Session</legend>
        <div className="flex max-h-72 flex-col gap-1.5 overflow-y-auto">
          {sessions.map((s) => (
            <Session key={s.session} session={s} kind={plugin.kind} group={id} may={opponents(s, plugin).length > 0} chosen={s.session === choice.session} choose={() => choose({ ...choice, session: s.session, against: "" })} />
          ))}
        </div>
      </fieldset>
      <label className="text-sm font-semibold">
        Compare with
        <select
          value={choice.against || against[0]?.name} disabled={against.length === 0} onChange={(e) => choose({ ...choice, against: e.target.value })}
          className="mt-1.5 block h-10 w-full rounded-lg border border-line bg-raised px-2.5 text-sm font-normal"
        >
          {against.map((o) => <option key={o.name} value={o.name}>{o.words} · {count(o.events)} events</option>)}
        </select>
        <span className="mt-1 block text-xs font-normal text-faint">The {kinds[plugin.kind]} that was on air then.</span>
      </label>
      <label className="flex items-start gap-2 text-sm">
        <input type="checkbox" checked={choice.resync} onChange={(e) => choose({ ...choice, resync: e.target.checked })} className="mt-0.5 size-4 shrink-0 accent-(--gold)" />
        <span><span className="font-semibold">Resync</span><span className="block text-xs text-faint">Give it the memory of the one on air before each event, so that a small difference stays small. Both must keep the same kind of state.</span></span>
      </label>
    </div>
  );
}

function Session({ session: s, kind, group, may, chosen, choose }: { session: ReplaySession; kind: Plugin["kind"]; group: string; may: boolean; chosen: boolean; choose: () => void }) {
  const Icon = s.kind === "recording" ? FileClock : s.live ? Radio : History;
  return (
    <label className={cx("flex items-start gap-2.5 rounded-lg border px-3 py-2 has-focus-visible:outline-2", chosen ? "border-gold bg-gold/8" : "border-line", may ? "cursor-pointer hover:bg-hover" : "cursor-not-allowed")}>
      <input type="radio" name={group} checked={chosen} disabled={!may} onChange={choose} className="mt-0.5 size-4 shrink-0 accent-(--gold)" />
      <span className="min-w-0 flex-1 text-xs">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <span className="text-sm font-semibold break-words">{s.title || "A show without a session"}</span>
          {s.live && <Badge tint="bad">on air now</Badge>}
        </span>
        <span className="block text-faint tabular">{when(s)}{s.to > 0 && ` · events ${count(s.from)} to ${count(s.to)}`}</span>
        {s.problem && <span className="block break-words text-live">{s.problem}</span>}
        {!s.problem && !may && <span className="block text-warn">Slot {kinds[kind]} was empty.</span>}
      </span>
      <Icon aria-hidden size={16} className="mt-0.5 shrink-0 text-faint" />
    </label>
  );
}

const day = (iso: string): string => iso.slice(0, 10);

function when(s: ReplaySession): string {
  if (s.kind === "recording") return s.ended ? `recording, ended ${day(s.ended)} ${clockTime(s.ended)} UTC` : "recording";
  if (!s.began) return "";
  const from = `${day(s.began)} ${clockTime(s.began)}`;
  if (s.live) return `since ${from} UTC`;
  return s.ended ? `${from} to ${clockTime(s.ended)} UTC` : `${from} UTC, ended with the program`;
}

const pace = 500;

/** How far it is. */
function Waiting() {
  const [state, setState] = useState({ stage: "", done: 0, of: 0 });
  const ask = useCallback(() => {
    api.replaying().then((s) => s.running && setState({ stage: s.stage ?? "", done: s.done, of: s.of }), () => undefined); // the answer itself says what is wrong
  }, []);
  useEffect(() => {
    ask();
    const timer = setInterval(ask, pace);
    return () => clearInterval(timer);
  }, [ask]);
  const share = state.of > 0 ? Math.round((100 * state.done) / state.of) : 0;
  const words = state.stage === "playing" ? "Playing it" : "Reading what was heard";
  return (
    <div className="flex flex-col gap-3 py-8 text-sm">
      <p role="status">{words}…{state.of > 0 && <span className="text-faint tabular"> {count(state.done)} of {count(state.of)} events</span>}</p>
      <div role="progressbar" aria-label={words} aria-valuemin={0} aria-valuemax={100} aria-valuenow={state.of > 0 ? share : undefined} className="h-2 overflow-hidden rounded-full bg-raised ring-1 ring-line">
        <div style={{ width: `${share}%` }} className="h-full rounded-full bg-gold transition-[width]" />
      </div>
      <p className="text-xs text-faint">The show goes first, so this may take a while. Closing this ends it.</p>
    </div>
  );
}

const shown: Record<ReplayGroup["verdict"], { word: string; verdict: Verdict }> = {
  same: { word: "same", verdict: "same" },
  waiting: { word: "no answer before the end", verdict: "same" },
  "different line": { word: "different line", verdict: "line" },
  silent: { word: "silent where it spoke", verdict: "silent" },
  speaks: { word: "speaks where it was silent", verdict: "spoke" },
  "mood differs": { word: "mood differs", verdict: "mood" },
  other: { word: "other acts", verdict: "otherwise" },
  trap: { word: "fault", verdict: "trapped" },
};

const tintOf = (name: string): Tint => verdicts[shown[name as ReplayGroup["verdict"]].verdict].tint;

function Report({ report: r }: { report: ReplayReport }) {
  const verdict = r.same_plugin ? "This is, to the byte, the plugin that was on air." : "";
  return (
    <div data-report className="flex flex-col gap-4">
      <div>
        <p className="text-sm text-soft">
          <b className="font-semibold text-text">{r.plugin}</b> heard {count(r.events)} events that <b className="font-semibold text-text">{r.against.plugin} {r.against.version}</b> heard on air{r.resync && ", with its memory before each"}. {verdict}
        </p>
        <ul aria-label="Counts" className="mt-2 flex flex-wrap gap-1.5">
          {r.verdicts.map((v) => (
            <li key={v.name} className="inline-flex h-6 items-center gap-1.5 rounded-full border border-line px-2 text-2xs font-medium text-soft">
              {shown[v.name as ReplayGroup["verdict"]].word} <b className={cx("font-semibold tabular", tints[tintOf(v.name)])}>{count(v.count)}</b>
            </li>
          ))}
        </ul>
        {r.verdicts.length === 0 && <p className="mt-2 text-sm text-faint">Neither had anything to say.</p>}
      </div>
      {r.doubts.length > 0 && (
        <ul aria-label="Doubts" className="flex flex-col gap-1 rounded-lg border border-warn/50 bg-warn/8 px-3 py-2 text-xs">
          {r.doubts.map((d) => <li key={d} className="break-words"><TriangleAlert aria-hidden size={12} className="mr-1.5 inline align-[-2px] text-warn" />{d}</li>)}
        </ul>
      )}
      {r.powers_missing.length > 0 && <p className="text-xs text-warn">It would use {r.powers_missing.map((p) => `${p.name} ${count(p.count)}×`).join(", ")}, without having the capability.</p>}
      {r.groups.length === 0 && r.verdicts.length > 0 && <p className="text-sm text-good">Nothing differs.</p>}
      {r.groups.map((g) => <Group key={`${g.trigger} ${g.verdict}`} group={g} was={r.against.plugin} now={r.plugin} />)}
    </div>
  );
}

function Group({ group: g, was, now }: { group: ReplayGroup; was: string; now: string }) {
  const id = useId();
  const more = g.count - g.rows.length;
  return (
    <section aria-labelledby={id} className="overflow-hidden rounded-xl border border-line">
      <h3 id={id} className="flex flex-wrap items-baseline gap-x-2 bg-raised px-3 py-1.5 text-xs font-semibold">
        <span className="font-mono">{g.trigger}</span>
        <span className={tints[tintOf(g.verdict)]}>{shown[g.verdict].word}</span>
        <span className="font-normal text-soft tabular">{count(g.count)}×</span>
      </h3>
      <table className="w-full table-fixed text-left text-xs">
        <thead className="text-2xs text-faint">
          <tr>
            <th scope="col" className="w-1/4 px-3 py-1 font-medium">Event</th>
            <th scope="col" className="truncate px-3 py-1 font-medium">Was: {was}</th>
            <th scope="col" className="truncate px-3 py-1 font-medium">Now: {now}</th>
          </tr>
        </thead>
        <tbody>
          {g.rows.map((row) => (
            <tr key={row.seq} className="border-t border-line/60 align-top leading-relaxed">
              <td className="px-3 py-1.5 break-words">{row.cause}<span className="block font-mono text-2xs text-faint tabular">{row.seq}</span></td>
              <td className="px-3 py-1.5 break-words">{row.was}</td>
              <td className={cx("px-3 py-1.5 break-words", verdicts[shown[g.verdict].verdict].ground)}>
                {row.now}
                {row.needs.length > 0 && <span className="text-warn"> needs {row.needs.join(", ")}</span>}
                {row.trap && <span className="block text-live"><TriangleAlert aria-hidden size={12} className="mr-1 inline align-[-2px]" />failed: {row.trap}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="border-t border-line/60 px-3 py-1.5 text-2xs text-faint">and {count(more)} more</p>}
    </section>
  );
}
