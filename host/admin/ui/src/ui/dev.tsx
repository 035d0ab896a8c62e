import { FlaskConical } from "lucide-react";
import { usePart } from "../feed/use";
import { follow } from "./route";

const where = { "on air": "ON AIR", shadow: "in shadow" } as const;

/** Stands over every page while a plugin that comes from a folder, signed by nobody, is in a slot. */
export function DevBanner() {
  const plugins = usePart("plugins");
  const dev = plugins.filter((p) => p.origin === "dev" && (p.state === "on air" || p.state === "shadow"));
  if (dev.length === 0) return null;
  const air = dev.some((p) => p.state === "on air");
  return (
    <aside data-dev aria-label="Plugins in development" className="dev-stripes sticky top-13 z-10 flex h-8 items-center gap-2.5 px-4 text-xs font-semibold">
      <span className="inline-flex items-center gap-1 rounded bg-black px-1.5 font-mono text-2xs leading-5 font-bold tracking-widest text-[#ffd23f]"><FlaskConical aria-hidden size={12} /> DEV</span>
      <p className="min-w-0 truncate">
        {dev.map((p, i) => (
          <span key={`${p.id} ${p.state}`}>{i > 0 && ", "}<span className="font-bold">{p.name} {p.version}</span> {where[p.state as keyof typeof where]}</span>
        ))}
        <span className="font-medium max-sm:hidden">: from a folder of this machine, signed by nobody{air && ". Pack and sign it before the real show"}</span>
      </p>
      <a href="/preview" onClick={follow} className="ml-auto shrink-0 rounded underline underline-offset-2">Preview</a>
    </aside>
  );
}
