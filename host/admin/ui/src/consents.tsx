// What plugins ask for each time: a card for each, over every page, until somebody decides or the time is up.
import { Check, Hand, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, type Consent } from "./api/client";
import { useNow, usePart, useRoom } from "./feed/use";
import { useAct } from "./ui/notices";
import { Button } from "./ui/parts";
import { useKeys } from "./ui/keys";

const verbs: Record<Consent["power"], string> = { reply: "wants to reply", post: "wants to post", http: "wants to fetch", llm: "wants to ask the model" };

const shown = 1; // more would hide the page

export function Consents() {
  const list = usePart("consents");
  if (list.length === 0) return <p role="status" className="sr-only" />;
  return <Stack list={list} />;
}

function Stack({ list }: { list: Consent[] }) {
  const room = useRoom();
  const act = useAct();
  const now = useNow(500);
  const [decided, setDecided] = useState<ReadonlySet<number>>(new Set());
  const decide = (c: Consent, allow: boolean) => {
    setDecided((was) => new Set(was).add(c.seq));
    void act(() => api.decide(c.seq, allow), `${c.plugin} ${allow ? "may" : "may not"} use ${c.power} this time.`).finally(() => void room.replug());
  };
  const open = list.filter((c) => !decided.has(c.seq) && Date.parse(c.deadline) > now);
  const first = open[0];
  useKeys(first ? { y: () => decide(first, true), n: () => decide(first, false) } : {});
  const newest = useRef(0);
  const [told, tell] = useState("");
  useEffect(() => {
    const c = open.findLast((o) => o.seq > newest.current);
    if (!c) return;
    newest.current = c.seq;
    tell(`${c.plugin} ${verbs[c.power]}: ${c.content}`);
  }, [open]);
  return (
    <>
      <p role="status" className="sr-only">{told}</p>
      {open.length > 0 && (
        <section aria-label="Plugins ask" className="fixed right-3 bottom-3 z-40 flex w-[min(25rem,calc(100vw-1.5rem))] flex-col gap-2 max-sm:bottom-18">
          {open.slice(0, shown).map((c) => <Card key={c.seq} consent={c} now={now} keys={c === first} decide={(allow) => decide(c, allow)} />)}
          {open.length > shown && <p className="self-end rounded-full border border-line bg-raised px-3 text-2xs leading-6 text-soft">and {open.length - shown} more wait</p>}
        </section>
      )}
    </>
  );
}

const long = 600; // characters that fit without scrolling

/** The post that a reply is to, which the plugin chose. */
function Answered({ to }: { to: NonNullable<Consent["answers"]> }) {
  return to.read ? (
    <p dir="auto" className="mt-1 text-xs break-words text-soft">In answer to @{to.handle}: “{to.text}” <span className="font-mono text-2xs text-faint">post {to.id}</span></p>
  ) : (
    <p className="mt-1 text-xs break-words text-warn">In answer to <span className="font-mono">post {to.id}</span>, which this show has not read.</p>
  );
}

function Card({ consent: c, now, keys, decide }: { consent: Consent; now: number; keys: boolean; decide: (allow: boolean) => void }) {
  const left = Math.max(0, Date.parse(c.deadline) - now);
  const share = left / (Date.parse(c.deadline) - Date.parse(c.asked));
  const seconds = Math.ceil(left / 1000);
  return (
    <article aria-label={`${c.plugin} ${verbs[c.power]}`} className="arrive overflow-hidden rounded-xl border border-warn/60 bg-raised shadow-2xl">
      <div className="px-3.5 pt-2.5 pb-3">
        <header className="flex items-baseline gap-2 text-sm">
          <Hand aria-hidden size={14} className="shrink-0 self-center text-warn" />
          <h2 className="min-w-0 flex-1 truncate"><span className="font-semibold">{c.plugin}</span> {verbs[c.power]}</h2>
          <span className={`shrink-0 font-mono text-xs tabular ${seconds <= 10 ? "font-bold text-live" : "text-soft"}`} title="Then it is denied"><span className="sr-only">denied in </span>{seconds} s</span>
        </header>
        <p className="mt-1 text-2xs break-words text-faint">Because of {c.cause} · it says it needs {c.power} for: “{c.why}”</p>
        {c.answers && <Answered to={c.answers} />}
        <div tabIndex={0} role="group" aria-label="What it wants to do" className="mt-1.5 max-h-[45vh] overflow-y-auto rounded-lg border border-line bg-panel px-2.5 py-1.5 text-sm break-words">
          {c.parts.map((p) => (
            <div key={p.name} className="mb-1 last:mb-0">
              {c.parts.length > 1 && <p className="text-2xs font-semibold text-faint">{p.name}</p>}
              <p dir="auto" className="whitespace-pre-wrap">{p.text}</p>
            </div>
          ))}
        </div>
        {c.content.length > long && <p className="mt-1 text-2xs text-faint">{c.content.length} characters; scroll to read all of them.</p>}
        <div className="mt-2.5 flex justify-end gap-2">
          <Button onClick={() => decide(false)} keys={keys ? "N" : undefined} className="px-3.5"><X aria-hidden size={14} /> Refuse</Button>
          <Button look="gold" onClick={() => decide(true)} keys={keys ? "Y" : undefined} className="px-3.5"><Check aria-hidden size={14} /> Allow once</Button>
        </div>
      </div>
      <span aria-hidden className="block h-1 origin-left bg-warn transition-transform duration-500 ease-linear" style={{ transform: `scaleX(${share.toFixed(3)})` }} />
    </article>
  );
}
