import { useCallback, useEffect, useRef, useState } from "react";
import { usePart, useRoom } from "./use";

export interface Query<T> {
  data: T | null;
  /** Why the last answer did not come; data is then the one before. */
  error: string;
  refresh: () => void;
}

interface Answer<T> {
  key: string;
  data: T | null;
  error: string;
}

/**
 * Asks now, every so many milliseconds, and whenever something about plugins happened; not while the page is hidden.
 * Another key begins anew; an empty one asks for nothing.
 */
export function useQuery<T>(key: string, ask: () => Promise<T>, every: number): Query<T> {
  const room = useRoom();
  const cast = usePart("cast");
  const [answer, setAnswer] = useState<Answer<T>>({ key, data: null, error: "" });
  const latest = useRef(ask);
  latest.current = ask;
  const newest = useRef(0); // answers that come late are of no interest
  const pending = useRef(0);
  const refresh = useCallback(() => {
    if (!key || document.hidden) return;
    const mine = ++newest.current;
    const take = (next: (was: Answer<T>) => Answer<T>) => {
      if (mine === newest.current) setAnswer(next);
    };
    pending.current++;
    latest.current().then(
      (data) => take(() => ({ key, data, error: "" })),
      (err: unknown) => {
        room.failed(err);
        take((was) => ({ key, data: was.key === key ? was.data : null, error: err instanceof Error ? err.message : String(err) }));
      },
    ).finally(() => pending.current--);
  }, [key, room]);
  useEffect(() => {
    refresh();
    const timer = setInterval(() => pending.current === 0 && refresh(), every); // a program that is slow is not asked the faster
    document.addEventListener("visibilitychange", refresh);
    return () => {
      newest.current++;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [refresh, every, cast]);
  const fits = answer.key === key && key !== "";
  return { data: fits ? answer.data : null, error: fits ? answer.error : "", refresh };
}
