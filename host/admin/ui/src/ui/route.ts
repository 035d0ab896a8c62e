// Where the page is: one of a few paths, and what is chosen on it. The browser's history is the only state.
import { useCallback, useSyncExternalStore, type MouseEvent } from "react";

const moved = "sothebais:moved";

function subscribe(fn: () => void): () => void {
  window.addEventListener("popstate", fn);
  window.addEventListener(moved, fn);
  return () => {
    window.removeEventListener("popstate", fn);
    window.removeEventListener(moved, fn);
  };
}

export function go(to: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  window.dispatchEvent(new Event(moved));
}

/** The path, without a slash at its end. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname.replace(/(.)\/$/, "$1"));
}

/** A parameter of the address, and how to change it without a step in the history. */
export function useParam(name: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(subscribe, () => new URLSearchParams(location.search).get(name) ?? "");
  const set = useCallback((next: string) => {
    const all = new URLSearchParams(location.search);
    if (next) all.set(name, next);
    else all.delete(name);
    const text = all.toString();
    go(location.pathname + (text && "?" + text), true);
  }, [name]);
  return [value, set];
}

/** For links within the room: the page stays, unless a new tab is asked for. */
export function follow(e: MouseEvent<HTMLAnchorElement>): void {
  if (e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  go(e.currentTarget.pathname);
}
