import { ArrowLeftRight, CornerDownLeft } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api, type Swap } from "../api/client";
import { usePart, useRoom } from "../feed/use";
import { useAct } from "../ui/notices";
import { Badge, brief, Button, cx, Key, Panel } from "../ui/parts";

export function StagePanel() {
  return (
    <Panel title="Character" area="stage">
      <div className="flex min-h-0 flex-1 flex-col gap-2 overflow-y-auto px-3.5 pb-3">
        <Says />
        <SayAs />
        <Moods />
        <Gestures />
        <Personality />
        <Plugins />
      </div>
    </Panel>
  );
}

/** What is being said, in words. */
function Says() {
  const speech = usePart("speech");
  const character = usePart("show")?.character;
  return (
    <div className="flex min-h-13 shrink-0 items-center gap-3 rounded-xl border border-line bg-raised px-3.5 py-2">
      <span aria-hidden className={cx("flex h-5 items-center gap-0.5", speech ? "talk text-gold" : "text-line")}>
        {[0, 150, 300, 80].map((d) => <i key={d} style={{ animationDelay: `${d}ms` }} className="h-full w-1 rounded-full bg-current" />)}
      </span>
      <p className={cx("line-clamp-2 text-[15px] leading-snug", !speech && "text-faint")}>
        {speech ? <>“{speech.text}”</> : `${character || "The character"} is listening`}
      </p>
    </div>
  );
}

function SayAs() {
  const act = useAct();
  const [text, setText] = useState("");
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (text.trim() && (await act(() => api.say(text)))) setText("");
  };
  return (
    <form onSubmit={submit} className="relative flex gap-1.5">
      <label htmlFor="say" className="sr-only">Say as the character</label>
      <input
        id="say" value={text} onChange={(e) => setText(e.target.value)} maxLength={280} placeholder="Say as the character…" autoComplete="off"
        onKeyDown={(e) => e.key === "Escape" && e.currentTarget.blur()}
        className="h-9 min-w-0 flex-1 rounded-lg border border-line bg-raised pr-9 pl-3 text-sm placeholder:text-faint"
      />
      {text === "" && <span aria-hidden className="pointer-events-none absolute top-2 right-23 text-faint"><Key>/</Key></span>}
      <Button type="submit" disabled={text.trim() === ""} className="h-9 w-20"><CornerDownLeft aria-hidden size={14} /> Say</Button>
    </form>
  );
}

function Moods() {
  const moods = usePart("stage")?.moods ?? [];
  const current = usePart("show")?.mood;
  const act = useAct();
  return (
    <Choices label="Mood">
      {moods.map((m) => (
        <Button key={m} aria-pressed={m === current} onClick={() => void act(() => api.mood(m))} className={cx("h-7 capitalize", m === current && "border-gold! text-gold!")}>{m}</Button>
      ))}
    </Choices>
  );
}

function Gestures() {
  const gestures = usePart("stage")?.gestures ?? [];
  const act = useAct();
  return (
    <Choices label="Gesture">
      {gestures.map((g) => <Button key={g} onClick={() => void act(() => api.gesture(g))} className="h-7 capitalize">{g}</Button>)}
    </Choices>
  );
}

function Choices({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div role="group" aria-label={label} className="flex gap-2">
      <p aria-hidden className="w-13 shrink-0 pt-1.5 text-2xs font-medium text-faint">{label}</p>
      <div className="flex flex-wrap gap-1.5">{children}</div>
    </div>
  );
}

/** Swaps the personality between two facts, while the show is on air. */
function Personality() {
  const room = useRoom();
  const all = usePart("plugins").filter((p) => p.kind === "personality");
  const active = all.find((p) => p.active);
  const act = useAct();
  const [chosen, setChosen] = useState("");
  const [busy, setBusy] = useState(false);
  const [last, setLast] = useState<Swap | null>(null);
  const next = all.find((p) => p.id === chosen && !p.active) ?? all.find((p) => !p.active);
  const swap = async () => {
    if (!next) return;
    setBusy(true);
    const done = await act(() => api.swap(next.id), (s) => `${s.to} is on stage; the slot was empty for ${brief(s.pause_us)}`);
    setBusy(false);
    setChosen("");
    if (done) setLast(done);
    void room.replug();
  };
  return (
    <div className="flex flex-wrap items-center gap-2 border-t border-line pt-2.5">
      <label htmlFor="personality" className="text-2xs font-medium text-faint">Personality</label>
      <span className="text-sm font-semibold">{active?.name ?? "none"}</span>
      <ArrowLeftRight aria-hidden size={14} className="text-faint" />
      <select
        id="personality" value={next?.id ?? ""} disabled={!next} onChange={(e) => setChosen(e.target.value)}
        className="h-8 min-w-32 rounded-lg border border-line bg-raised px-2 text-sm"
      >
        {!next && <option value="">no other is installed</option>}
        {all.filter((p) => !p.active).map((p) => <option key={p.id} value={p.id}>{p.name} {p.version}</option>)}
      </select>
      <Button look="gold" disabled={!next || busy} onClick={() => void swap()}>{busy ? "Swapping…" : "Swap"}</Button>
      {last && (
        <Badge tint="good" className="ml-auto">
          <span className="tabular">{brief(last.pause_us)}</span> · {last.state_bytes > 0 ? `${last.state_bytes} B of memory kept` : "fresh start"}
        </Badge>
      )}
    </div>
  );
}

const kinds: Record<string, string> = { personality: "Personality", "scene-rules": "Scene rules", overlay: "Overlay" };

const places = Object.keys(kinds);

/** What is in the slots, and how well it does. */
function Plugins() {
  const active = usePart("plugins").filter((p) => p.active).sort((a, b) => places.indexOf(a.kind) - places.indexOf(b.kind));
  return (
    <ul aria-label="Plugins on air" className="mt-auto grid gap-1.5 sm:grid-cols-3">
      {active.map((p) => (
        <li key={p.id} title={[kinds[p.kind], p.description, ...p.capabilities.map((c) => `${c.name}: ${c.why}`)].filter(Boolean).join("\n")} className="min-w-0 rounded-lg bg-raised px-2.5 py-1.5 text-2xs text-faint">
          <p className="truncate"><span className="text-xs font-semibold text-text">{p.name}</span> <span className="sr-only">{kinds[p.kind]}</span> {p.version}</p>
          <p className="flex gap-2 overflow-hidden whitespace-nowrap tabular">
            <span title="time of one call: median, and what 99 in 100 stay under">{brief(p.p50_us)} / {brief(p.p99_us)}</span>
            <span>{(p.memory_bytes / 2 ** 20).toFixed(1)} MiB</span>
            {p.traps > 0 && <span className="font-semibold text-live">failed {p.traps}×</span>}
          </p>
        </li>
      ))}
    </ul>
  );
}
