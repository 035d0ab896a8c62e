import { useEffect, useRef } from "react";

/** Shortcuts of the page: single keys, except while somebody types, a modifier is down, or a dialog lies over it. */
export function useKeys(keys: Record<string, () => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const on = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
      const at = e.target as HTMLElement;
      if (at.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog:modal")) return;
      const act = latest.current[e.key.toLowerCase()];
      if (!act) return;
      e.preventDefault();
      act();
    };
    window.addEventListener("keydown", on);
    return () => window.removeEventListener("keydown", on);
  }, []);
}
