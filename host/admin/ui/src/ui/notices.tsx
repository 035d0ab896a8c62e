// Short words on what an act did, or why it could not be done.
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { cx } from "./parts";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

type Say = (text: string, bad?: boolean) => void;

const NoticeContext = createContext<Say>(() => undefined);

const stays = { good: 4_000, bad: 9_000 };

export function Notices({ children }: { children: ReactNode }) {
  const [list, setList] = useState<Notice[]>([]);
  const next = useRef(0);
  const say = useCallback<Say>((text, bad = false) => {
    const id = next.current++;
    setList((l) => [...l.slice(-1), { id, text, bad }]);
    setTimeout(() => setList((l) => l.filter((n) => n.id !== id)), bad ? stays.bad : stays.good);
  }, []);
  return (
    <NoticeContext value={say}>
      {children}
      <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-5 z-50 flex flex-col items-center gap-2 px-4">
        {list.map((n) => (
          <p key={n.id} className={cx("arrive max-w-xl rounded-xl border bg-raised px-4 py-2.5 text-sm shadow-2xl", n.bad ? "border-live/60 text-live" : "border-line text-text")}>
            {n.text}
          </p>
        ))}
      </div>
    </NoticeContext>
  );
}

/** Runs an act; shows what it answered, and gives back whether it was done. */
export function useAct(): <T>(act: () => Promise<T>, done?: string | ((got: T) => string)) => Promise<T | undefined> {
  const say = useContext(NoticeContext);
  return useMemo(
    () => async (act, done) => {
      try {
        const got = await act();
        if (done) say(typeof done === "string" ? done : done(got));
        return got;
      } catch (err) {
        say(err instanceof Error ? err.message : String(err), true);
        return undefined;
      }
    },
    [say],
  );
}
