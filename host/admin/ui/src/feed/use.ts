import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Parts, Room } from "./room";

export const RoomContext = createContext<Room | null>(null);

export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (!room) throw new Error("outside of the control room");
  return room;
}

/** One part of what the room knows; the component renders again only when that part changed. */
export function usePart<N extends keyof Parts>(name: N): Parts[N] {
  const room = useRoom();
  return useSyncExternalStore(
    useCallback((fn: () => void) => room.subscribe(name, fn), [room, name]),
    () => room.get(name),
  );
}

/** The time by the program's clock, fresh every so many milliseconds. */
export function useNow(every: number): number {
  const room = useRoom();
  const [now, setNow] = useState(() => room.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(room.now()), every);
    return () => clearInterval(timer);
  }, [room, every]);
  return now;
}
