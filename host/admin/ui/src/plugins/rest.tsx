// What stands behind the other tabs: events in quarantine, log lines, what a plugin says of itself.
import { RotateCcw } from "lucide-react";
import { api, type LogLine, type Plugin, type PluginDetail, type Slot } from "../api/client";
import { useQuery } from "../feed/query";
import { Button, cx } from "../ui/parts";
import { useCast } from "./cast";
import { Failed, Nothing } from "./states";
import { clockTime, count } from "./words";

const pace = 5_000;

export function Quarantine({ slot }: { slot: Slot }) {
  const cast = useCast();
  const list = useQuery(`aside ${slot.slot} ${slot.quarantined}`, () => api.quarantine(slot.slot), pace);
  if (!list.data) return list.error ? <Failed error={list.error} again={list.refresh} /> : <Nothing>Reading…</Nothing>;
  if (list.data.length === 0) return <Nothing>No event is in quarantine: none made a plugin of this slot fail.</Nothing>;
  return (
    <ul aria-label="Events on which a plugin failed, newest first" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-3.5 pb-2 text-xs">
      {list.data.map((q) => (
        <li key={`${q.seq} ${q.plugin}`} className="flex items-center gap-3 border-t border-line/60 py-2 first:border-0">
          <time dateTime={q.at} className="shrink-0 font-mono text-2xs text-faint tabular">{clockTime(q.at)}</time>
          <div className="min-w-0 flex-1">
            <p className="break-words">{q.cause} <span className="font-mono text-2xs text-faint">{q.kind} {q.seq}</span></p>
            <p className="text-2xs break-words text-live">{q.plugin} {q.version} failed: {q.reason}</p>
          </div>
          <Button waits={cast.busy} disabled={!slot.on_air} onClick={() => cast.retry(slot, q)}><RotateCcw aria-hidden size={14} /> Play again…<span className="sr-only"> event {q.seq}</span></Button>
        </li>
      ))}
    </ul>
  );
}

const levels: Record<LogLine["level"], string> = { debug: "text-faint", info: "text-soft", warn: "text-warn", error: "text-live" };

const keptLines = 200; // as the program has it

export function Log({ plugin: p }: { plugin: Plugin }) {
  const lines = useQuery(`log ${p.id}`, () => api.logs(p.id), pace);
  if (!lines.data) return lines.error ? <Failed error={lines.error} again={lines.refresh} /> : <Nothing>Reading…</Nothing>;
  if (lines.data.length === 0) return <Nothing>It has written nothing.</Nothing>;
  return (
    <ol aria-label="Log, newest first" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-3.5 pb-2 font-mono text-2xs leading-5">
      {lines.data.toReversed().map((l, i) => (
        <li key={`${l.at} ${i}`} className="flex gap-2.5 border-t border-line/40 py-0.5 first:border-0">
          <time dateTime={l.at} className="shrink-0 text-faint tabular">{clockTime(l.at)}</time>
          <span className={cx("w-9 shrink-0", levels[l.level])}>{l.level}</span>
          <span className="min-w-0 wrap-anywhere">{l.text}</span>
          <span className="ml-auto shrink-0 text-faint">{l.shadow && "in shadow "}<span title="event that it handled">{l.seq}</span></span>
        </li>
      ))}
      {lines.data.length >= keptLines && <li className="py-1.5 text-faint">Older lines are not kept.</li>}
    </ol>
  );
}

export function About({ plugin: p }: { plugin: Plugin }) {
  const got = useQuery(`about ${p.id} ${p.version} ${p.state}`, () => api.plugin(p), pace);
  if (!got.data) return got.error ? <Failed error={got.error} again={got.refresh} /> : <Nothing>Reading…</Nothing>;
  if (got.data.version !== p.version) return <Nothing>{got.data.version} of the same plugin is {got.data.state}; choose it in the list to read about it.</Nothing>;
  return (
    <dl tabIndex={0} aria-label={`About ${p.name}`} className="grid min-h-0 flex-1 grid-cols-[auto_minmax(0,1fr)] content-start gap-x-5 gap-y-1.5 overflow-y-auto px-3.5 pb-3 text-xs">
      {facts(got.data).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-faint">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function facts(d: PluginDetail): [string, string][] {
  const l = d.limits;
  const all: [string, string | undefined][] = [
    ["Budget of an event", `${count(l.fuel)} fuel, ${l.memory_mib} MiB, ${l.commands} commands`],
    ["Hears", d.subscribes.join(", ")],
    ["Handled", `${count(d.events)} events, ${count(d.commands)} commands, ${count(d.denied)} denied, ${count(d.traps)} failed`],
    ["Runs", `${d.file} (${d.runtime}, API ${d.api})`],
    ["State", d.state_form && `${d.state_form.id} ${d.state_form.version}${d.state_form.migrate.length ? `, takes ${d.state_form.migrate.join(", ")} too` : ""}`],
    ["Settings", d.config ? JSON.stringify(d.config) : undefined],
    ["By", [d.authors.join(", "), d.license].filter(Boolean).join(" · ")],
    ["SHA-256", d.sha256],
  ];
  return all.filter((f): f is [string, string] => !!f[1]);
}
