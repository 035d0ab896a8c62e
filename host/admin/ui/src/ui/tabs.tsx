import { useId, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "./parts";

export interface Tab {
  id: string;
  name: string;
  note?: ReactNode;
}

interface Props {
  label: string;
  tabs: Tab[];
  on: string;
  choose: (id: string) => void;
  className?: string;
  children: ReactNode;
}

/** A panel with tabs; arrows go from one to the next. */
export function Tabs({ label, tabs, on, choose, className, children }: Props) {
  const id = useId();
  const keys = (e: KeyboardEvent<HTMLElement>) => {
    const at = tabs.findIndex((t) => t.id === on);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[e.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    e.preventDefault();
    choose(next.id);
    document.getElementById(id + next.id)?.focus();
  };
  return (
    <section aria-label={label} className={cx("flex min-h-0 min-w-0 flex-col rounded-xl border border-line bg-panel", className)}>
      <div role="tablist" aria-label={label} onKeyDown={keys} className="mb-2 flex gap-1 overflow-x-auto border-b border-line px-2 [scrollbar-width:none]">
        {tabs.map((t) => (
          <button
            key={t.id} id={id + t.id} type="button" role="tab" aria-selected={t.id === on} aria-controls={id} tabIndex={t.id === on ? 0 : -1} onClick={() => choose(t.id)}
            className={cx("-mb-px h-10 border-b-2 px-2 text-xs font-semibold whitespace-nowrap outline-offset-[-2px]!", t.id === on ? "border-gold text-text" : "border-transparent text-soft hover:text-text")}
          >
            {t.name} {t.note}
          </button>
        ))}
      </div>
      <div id={id} role="tabpanel" aria-labelledby={id + on} className="flex min-h-0 flex-1 flex-col">{children}</div>
    </section>
  );
}
