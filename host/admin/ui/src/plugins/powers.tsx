import { Check, Hand, X } from "lucide-react";
import type { Capability } from "../api/client";

/** What a package asks for, before it is let in. */
export function Powers({ list }: { list: Capability[] }) {
  if (list.length === 0) return <p className="text-sm text-faint">It asks for no power.</p>;
  return (
    <ul aria-label="What it asks for" className="text-xs">
      {list.map((c) => {
        const [Sign, tint, word] = c.more?.length ? ([Hand, "text-warn", `${c.granted_by === "default" ? "has it by default" : "granted before"}, but for ${c.more.join(", ")}`] as const) : c.granted ? ([Check, "text-good", c.outward ? "granted before" : "has it by default"] as const) : c.outward ? ([Hand, "text-warn", "not until you grant it"] as const) : ([X, "text-live", "was taken away"] as const);
        return (
          <li key={c.name} className="flex gap-3 border-t border-line/60 py-1.5 first:border-0">
            <div className="min-w-0 flex-1">
              <p><span className="font-mono font-semibold">{c.name}</span> <span className="text-2xs text-faint">{[c.limit, ...(c.hosts ?? []).filter((h) => !c.limit?.includes(h))].filter(Boolean).join(" · ")}</span></p>
              <p className="break-words text-soft">“{c.why}”</p>
              {c.why_granted && <p className="break-words text-warn">when it was granted: “{c.why_granted}”</p>}
            </div>
            <p className={`max-w-[50%] shrink-0 font-medium ${tint}`}><Sign aria-hidden size={13} className="mr-1 inline-block align-[-2px]" />{word}</p>
          </li>
        );
      })}
    </ul>
  );
}
