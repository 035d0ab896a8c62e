// The small parts that everything on the page is made of.
import { useEffect, useId, useRef, useState, type ButtonHTMLAttributes, type ReactNode } from "react";

export const cx = (...names: (string | false | undefined | null)[]): string => names.filter(Boolean).join(" ");

interface PanelProps {
  title: string;
  side?: ReactNode;
  area?: string;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, side, area, className, children }: PanelProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} style={{ gridArea: area }} className={cx("flex min-h-0 min-w-0 flex-col rounded-xl border border-line bg-panel", className)}>
      <header className="flex min-h-10 items-center justify-between gap-3 px-3.5 pt-1.5">
        <h2 id={id} className="eyebrow">{title}</h2>
        {side}
      </header>
      {children}
    </section>
  );
}

type Look = "plain" | "gold" | "danger" | "quiet";

const looks: Record<Look, string> = {
  plain: "border-line bg-raised text-text hover:bg-hover",
  gold: "border-transparent bg-gold text-on-gold hover:brightness-110",
  danger: "border-live/60 bg-transparent text-live hover:bg-live/10",
  quiet: "border-transparent bg-transparent text-soft hover:bg-hover hover:text-text",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  keys?: string;
  /** It does nothing for a moment, and keeps the focus, which one that is disabled would lose. */
  waits?: boolean;
}

export function Button({ look = "plain", keys, waits, className, onClick, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-keyshortcuts={keys}
      aria-disabled={waits || undefined}
      onClick={waits ? undefined : onClick}
      className={cx(
        "relative inline-flex h-8 items-center justify-center gap-1.5 rounded-lg border px-2.5 text-xs font-semibold whitespace-nowrap transition-colors select-none",
        "disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55", looks[look], className,
      )}
      {...rest}
    >
      {children}
      {keys && <Key>{keys}</Key>}
    </button>
  );
}

export function Key({ children }: { children: ReactNode }) {
  return <kbd aria-hidden className="rounded border border-current/35 px-1 font-mono text-[10px] leading-4 font-medium opacity-80">{children}</kbd>;
}

interface HoldProps extends Omit<ButtonProps, "onClick"> {
  /** What happens, named for those who cannot see the bar. */
  what: string;
  onHeld: () => void;
}

const holdFor = 1000;

/** A button for what cannot be undone: it acts when it was held down for a second, by pointer or by key. */
export function HoldButton({ what, onHeld, children, disabled, className, ...rest }: HoldProps) {
  const [held, setHeld] = useState(false);
  const act = useRef(onHeld);
  act.current = onHeld;
  useEffect(() => {
    if (!held) return;
    const timer = setTimeout(() => {
      setHeld(false);
      act.current();
    }, holdFor);
    return () => clearTimeout(timer);
  }, [held]);
  const press = () => !disabled && setHeld(true);
  const release = () => setHeld(false);
  return (
    <Button
      {...rest}
      disabled={disabled}
      title={`Hold for a second: ${what}`}
      aria-description={`Hold for a second: ${what}`}
      className={cx("touch-none overflow-hidden", className)}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onKeyDown={(e) => (e.key === " " || e.key === "Enter") && !e.repeat && press()}
      onKeyUp={release}
      onBlur={release}
      onContextMenu={(e) => e.preventDefault()}
    >
      <span aria-hidden className={cx("absolute inset-0 origin-left bg-current/25", held ? "scale-x-100 transition-transform duration-1000 ease-linear" : "scale-x-0")} />
      <span className="relative inline-flex items-center gap-1.5">{children}</span>
    </Button>
  );
}

export type Tint = "good" | "warn" | "bad" | "idle" | "info";

export const tints: Record<Tint, string> = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-live",
  idle: "text-soft",
  info: "text-info",
};

export function Badge({ tint = "idle", children, className }: { tint?: Tint; children: ReactNode; className?: string }) {
  return (
    <span className={cx("inline-flex h-5 items-center gap-1 rounded-full border border-current/30 bg-current/8 px-2 text-2xs font-semibold whitespace-nowrap", tints[tint], className)}>
      {children}
    </span>
  );
}

/** Minutes and seconds, with hours when there are any. */
export function clock(ms: number): string {
  const s = Math.ceil(Math.max(0, ms) / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const tail = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail;
}

export function ago(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m`;
  return `${Math.floor(s / 3600)} h`;
}

/** A time in the unit that reads best. */
export const brief = (us: number): string => (us < 1000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(1)} ms`);
