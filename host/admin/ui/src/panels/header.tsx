import { Blocks, Circle, CircleAlert, Eye, LogOut, Moon, Radio, Sun, WifiOff } from "lucide-react";
import { useState } from "react";
import type { Link, Me } from "../api/client";
import { usePart } from "../feed/use";
import { Button, clock, cx, tints, type Tint } from "../ui/parts";
import { follow, usePath } from "../ui/route";

export function Header({ me, logout }: { me: Me; logout: () => void }) {
  const block = usePart("block");
  return (
    <header className="sticky top-0 z-20 flex h-13 items-center gap-3 border-b border-line bg-ground px-4 sm:bg-ground/90 sm:backdrop-blur">
      <img src="/favicon.svg" alt="" className="size-6 shrink-0" />
      <div className="flex min-w-fit items-baseline gap-2.5 xl:min-w-0">
        <span className="shrink-0 font-semibold tracking-tight">{me.name}</span>
        <span className="hidden truncate text-sm text-soft xl:inline">{block?.name}</span>
      </div>
      <Pages />
      <OnAir />
      <Health />
      <div className="ml-auto flex items-center gap-1.5">
        <Clock />
        <Theme />
        <Button look="quiet" onClick={logout} title="Log out" aria-label="Log out" className="px-2"><LogOut aria-hidden size={16} /></Button>
      </div>
    </header>
  );
}

const pages = [
  { path: "/", name: "Live", Icon: Radio },
  { path: "/plugins", name: "Characters & plugins", Icon: Blocks },
];

/** The pages of the room; at the foot of the screen where the screen is small. */
function Pages() {
  const here = usePath();
  return (
    <nav aria-label="Pages" className="flex gap-1 max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:z-30 max-sm:border-t max-sm:border-line max-sm:bg-panel max-sm:p-1.5">
      {pages.map(({ path, name, Icon }) => {
        const on = path === here || (path === "/" && here !== "/plugins" && here !== "/preview");
        return (
          <a
            key={path} href={path} onClick={follow} aria-current={on ? "page" : undefined} title={name}
            className={cx(
              "inline-flex h-8 items-center justify-center gap-1.5 rounded-lg px-2.5 text-xs font-semibold whitespace-nowrap transition-colors max-sm:h-10 max-sm:flex-1",
              on ? "bg-hover text-gold" : "text-soft hover:bg-hover hover:text-text",
            )}
          >
            <Icon aria-hidden size={15} /> <span className="sm:max-lg:sr-only">{name}</span>
          </a>
        );
      })}
    </nav>
  );
}

function OnAir() {
  const show = usePart("show");
  const link = usePart("link");
  const now = usePart("second");
  if (link === "lost" || link === "connecting") {
    return (
      <span role="status" className="inline-flex h-6 items-center gap-1.5 rounded-full border border-warn/50 bg-warn/10 px-2.5 text-2xs font-bold text-warn">
        <WifiOff aria-hidden size={13} /> {link === "lost" ? "RECONNECTING" : "CONNECTING"}
      </span>
    );
  }
  if (!show) return null;
  if (!show.on_air) return <span className="inline-flex h-6 items-center rounded-full border border-line px-2.5 text-2xs font-bold text-soft">OFF AIR</span>;
  return (
    <span className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full bg-(--on-air) px-2.5 font-mono text-2xs font-bold text-white tabular">
      <span aria-hidden className="on-air size-1.5 rounded-full bg-white" /> LIVE {clock(now - Date.parse(show.since) - 999)}
    </span>
  );
}

interface Check {
  name: string;
  tint: Tint;
  value: string;
  title: string;
}

const names: Record<string, string> = { x: "X", encoder: "Encoder", rtmp: "RTMP", recording: "Recording", sink: "Target", devnet: "Target" };

function linkCheck(l: Link): Check {
  return { name: names[l.name] ?? l.name, tint: l.up ? "good" : "bad", value: l.up ? "" : "down", title: l.detail ?? "" };
}

/** Late frames: none is good, up to one in a thousand is what we allow. */
function lateCheck(frames: number, late: number, repeated: number): Check {
  const share = frames > 0 ? (100 * late) / frames : 0;
  const tint: Tint = share === 0 ? "good" : share <= 0.1 ? "good" : share <= 1 ? "warn" : "bad";
  return { name: "Late", tint, value: `${share.toFixed(2)} %`, title: `${late} of ${frames.toLocaleString("en")} frames were late, ${repeated} repeated` };
}

function Health() {
  const show = usePart("show");
  const plugins = usePart("plugins");
  if (!show) return null;
  const active = plugins.filter((p) => p.active);
  const traps = active.reduce((n, p) => n + p.traps, 0);
  const checks: Check[] = [
    ...show.links.map(linkCheck),
    {
      name: "Plugins", tint: active.length === 0 ? "warn" : traps > 0 ? "warn" : "good", value: traps > 0 ? `${traps} failed` : String(active.length),
      title: active.map((p) => `${p.name} ${p.version}`).join(", ") || "none is loaded",
    },
    lateCheck(show.frames, show.frames_late, show.frames_repeated),
  ];
  return (
    <ul aria-label="Health" tabIndex={0} className="relative flex min-w-0 items-center gap-1 overflow-x-auto [scrollbar-width:none]">
      {checks.map((c) => (
        <li key={c.name} title={c.title} className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full border border-line px-2 text-2xs font-medium text-soft">
          {c.tint === "good" ? <Circle aria-hidden size={7} className={cx("fill-current", tints.good)} /> : <CircleAlert aria-hidden size={12} className={tints[c.tint]} />}
          <span className="sr-only">{c.tint === "good" ? "well:" : "trouble:"}</span>
          {c.name}
          {c.value && <span className={cx("tabular", c.tint !== "good" && "font-semibold " + tints[c.tint])}>{c.value}</span>}
        </li>
      ))}
      <li title="Readers of the stream" className="ml-1 hidden shrink-0 items-center gap-1 text-2xs text-soft tabular lg:inline-flex">
        <Eye aria-hidden size={13} /> {show.viewers.toLocaleString("en")} <span className="sr-only">viewers</span>
      </li>
    </ul>
  );
}

function Clock() {
  const now = usePart("second");
  return <time className="mr-1 hidden font-mono text-xs text-soft whitespace-nowrap tabular lg:inline">{new Date(now).toISOString().slice(11, 19)} UTC</time>;
}

function Theme() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? "dark");
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    document.documentElement.dataset.theme = other;
    try {
      localStorage.setItem("theme", other);
    } catch {
      // No storage: it lasts until the page is left.
    }
    setTheme(other);
  };
  return (
    <Button look="quiet" onClick={change} title={`Use the ${other} theme`} aria-label={`Use the ${other} theme`} className="px-2">
      {theme === "dark" ? <Sun aria-hidden size={16} /> : <Moon aria-hidden size={16} />}
    </Button>
  );
}
