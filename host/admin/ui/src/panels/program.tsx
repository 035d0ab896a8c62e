import { Radio, Volume2, VolumeX } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { usePart } from "../feed/use";
import { Meter } from "../player/meter";
import { Player, type Playing } from "../player/player";
import { useKeys } from "../ui/keys";
import { useAct } from "../ui/notices";
import { Button, cx } from "../ui/parts";

export function Program() {
  return (
    <section aria-label="Program" style={{ gridArea: "program" }} className="flex min-w-0 flex-col rounded-xl border border-line bg-panel p-2">
      <Screen />
      <Scenes />
    </section>
  );
}

const words: Record<Playing["state"], string> = {
  connecting: "Waiting for the picture…",
  playing: "",
  stalled: "The picture has stopped; waiting for more…",
  unsupported: "This browser cannot play the stream (H.264 in a media source).",
};

/** The programme with its sound. */
export function Screen() {
  const video = useRef<HTMLVideoElement>(null);
  const [playing, setPlaying] = useState<Playing>({ state: "connecting", behind: 0 });
  const [muted, setMuted] = useState(true);
  const [meter, setMeter] = useState<Meter | null>(null);
  const on = usePart("show")?.scene;
  const scene = usePart("stage")?.scenes.find((s) => s.id === on)?.name ?? on;
  const speech = usePart("speech");

  useEffect(() => {
    const v = video.current;
    if (!v) return;
    const player = new Player(v, setPlaying);
    player.start();
    return () => player.stop();
  }, []);

  const toggle = useCallback(() => {
    const v = video.current;
    if (!v) return;
    const on = v.muted;
    v.muted = !on;
    setMuted(!on);
    if (!on) return;
    setMeter((m) => {
      const got = m ?? new Meter(v);
      got.resume();
      return got;
    });
    void v.play().catch(() => undefined);
  }, []);
  useKeys({ m: toggle });

  // Nothing but a fault lies over the picture: it has its own overlays.
  return (
    <>
      <header className="mb-1.5 flex h-7 items-center gap-2.5 pl-0.5 text-2xs">
        <h2 className="inline-flex h-6 items-center gap-1.5 rounded-md bg-(--on-air) px-2 font-bold tracking-wide whitespace-nowrap text-white"><Radio aria-hidden size={12} /> PROGRAM</h2>
        <span className="truncate text-xs font-semibold">{scene}</span>
        {playing.state === "playing" && (
          <span title="How far this picture is behind the newest one that arrived" className="ml-auto font-mono whitespace-nowrap text-soft tabular max-sm:hidden">{playing.behind.toFixed(1)} s behind</span>
        )}
        <div className={cx("flex items-center gap-2 max-sm:ml-auto", playing.state !== "playing" && "ml-auto")}>
          {!muted && <Level meter={meter} />}
          <Button look={muted ? "gold" : "plain"} onClick={toggle} keys="M" aria-pressed={!muted} className="h-7">
            {muted ? <VolumeX aria-hidden size={15} /> : <Volume2 aria-hidden size={15} />} {muted ? "Turn the sound on" : "Sound"}
          </Button>
        </div>
      </header>
      <div className="relative grid place-items-center overflow-hidden rounded-lg bg-black ring-2 ring-(--on-air)/80">
        <video ref={video} muted playsInline autoPlay aria-label="Program, live" className="program-picture aspect-video w-full bg-black object-contain" />
        {playing.state !== "playing" && (
          <p role="status" className={cx("absolute px-6 text-center text-sm text-white", playing.state === "stalled" ? "rounded-full bg-black/80 py-2" : "inset-0 grid place-items-center bg-black/70")}>
            {words[playing.state]}
          </p>
        )}
      </div>
      <p className="sr-only" aria-live="polite">{speech ? `${speech.from} says: ${speech.text}` : ""}</p>
    </>
  );
}

const bars = 14;

/** Loudness as a row of bars: green, then amber, then red. */
function Level({ meter }: { meter: Meter | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = box.current;
    if (!el || !meter) return;
    let frame = 0;
    let shown = 0;
    const draw = () => {
      const level = meter.level();
      shown = Math.max(level, shown - 0.02); // falls slowly, so that the eye can follow
      [...el.children].forEach((c, i) => ((c as HTMLElement).style.opacity = i / bars < shown ? "1" : "0.25"));
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [meter]);
  return (
    <div ref={box} aria-hidden className="flex items-center gap-0.5">
      {Array.from({ length: bars }, (_, i) => (
        <i key={i} className={cx("h-2.5 w-1 rounded-xs opacity-25", i < 10 ? "bg-[#45d095]" : i < 12 ? "bg-[#ffb454]" : "bg-[#ff5c5c]")} />
      ))}
    </div>
  );
}

// In the order in which a lot goes through them; scenes of one's own come behind.
const course = ["opening", "lot", "closing", "sold", "unsold", "break"];
const rank = (id: string) => (course.includes(id) ? course.indexOf(id) : course.length);

function Scenes() {
  const stage = usePart("stage");
  const onAir = usePart("show")?.scene;
  const act = useAct();
  const scenes = (stage?.scenes ?? []).toSorted((a, b) => rank(a.id) - rank(b.id));
  const take = (id: string, name: string) => void act(() => api.take(id), `${name} taken to program`);
  useKeys(Object.fromEntries(scenes.slice(0, 9).map((s, i) => [String(i + 1), () => take(s.id, s.name)])));
  return (
    <div role="group" aria-label="Scenes: take to program" className="mt-2 flex gap-1.5 overflow-x-auto">
      {scenes.map((s, i) => (
        <Button
          key={s.id}
          keys={i < 9 ? String(i + 1) : undefined}
          aria-pressed={s.id === onAir}
          onClick={() => take(s.id, s.name)}
          className={cx("h-9 flex-auto justify-between px-2.5", s.id === onAir && "border-live! bg-live/12! text-live!")}
        >
          {s.name}
        </Button>
      ))}
    </div>
  );
}
