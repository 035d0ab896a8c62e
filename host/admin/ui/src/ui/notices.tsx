// Short words on what an act did, or why it could not be done; for a while, the way back.
import { Undo2 } from "lucide-react";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useKeys } from "./keys";
import { Button, cx } from "./parts";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void;
}

type Say = (text: string, bad?: boolean, undo?: () => void) => void;

const NoticeContext = createContext<Say>(() => undefined);

const stays = { good: 4_000, bad: 9_000, undo: 10_000 };

export function Notices({ children }: { children: ReactNode }) {
  const [list, setList] = useState<Notice[]>([]);
  const next = useRef(0);
  const say = useCallback<Say>((text, bad = false, undo) => {
    const id = next.current++;
    setList((l) => [...l.slice(-1), { id, text, bad, undo }]);
  }, []);
  const drop = useCallback((id: number) => setList((l) => l.filter((n) => n.id !== id)), []);
  const last = list.findLast((n) => n.undo);
  const undo = (n: Notice) => {
    drop(n.id);
    n.undo?.();
  };
  useKeys(last ? { u: () => undo(last) } : {});
  return (
    <NoticeContext value={say}>
      {children}
      <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-5 z-50 flex flex-col max-sm:top-[calc(var(--top)+8px)] max-sm:bottom-auto items-center gap-2 px-4">
        {list.map((n) => <Line key={n.id} notice={n} drop={drop} undo={() => undo(n)} keys={n === last} />)}
      </div>
    </NoticeContext>
  );
}

interface LineProps {
  notice: Notice;
  drop: (id: number) => void;
  undo: () => void;
  /** The key for the way back leads to this one. */
  keys: boolean;
}

/** Goes by itself, though not while it is pointed at or has the focus. */
function Line({ notice: n, drop, undo, keys }: LineProps) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => drop(n.id), n.undo ? stays.undo : n.bad ? stays.bad : stays.good);
    return () => clearTimeout(timer);
  }, [n, held, drop]);
  const hold = () => setHeld(true);
  const release = () => setHeld(false);
  return (
    <div
      onPointerEnter={hold} onPointerLeave={release} onFocus={hold} onBlur={release}
      className={cx("arrive flex max-w-xl items-center gap-3 rounded-xl border bg-raised px-4 py-2.5 text-sm shadow-2xl", n.bad ? "border-live/60 text-live" : "border-line text-text", (n.undo || n.bad) && "pointer-events-auto", n.undo && "pr-2.5")}
    >
      <p className="max-h-[40dvh] min-w-0 overflow-y-auto wrap-anywhere">{n.text}</p>
      {n.undo && <Button onClick={undo} keys={keys ? "U" : undefined}><Undo2 aria-hidden size={14} /> Undo</Button>}
    </div>
  );
}

interface Undo<T> {
  /** Whether there is a way back from what was done; left out, there is. */
  when?: (got: T) => boolean;
  act: (got: T) => Promise<unknown>;
  done: string;
}

type Act = <T>(act: () => Promise<T>, done?: string | ((got: T) => string), undo?: Undo<T>) => Promise<T | undefined>;

/** Runs an act; shows what it answered, with the way back if there is one, and gives back whether it was done. */
export function useAct(): Act {
  const say = useContext(NoticeContext);
  return useMemo(() => {
    const run: Act = async (act, done, undo) => {
      try {
        const got = await act();
        const back = undo && (undo.when?.(got) ?? true) && (() => void run(() => undo.act(got), undo.done));
        if (done) say(typeof done === "string" ? done : done(got), false, back || undefined);
        return got;
      } catch (err) {
        say(err instanceof Error ? err.message : String(err), true);
        return undefined;
      }
    };
    return run;
  }, [say]);
}
