import { Check, Hand, X } from "lucide-react";
import type { Capability, Plugin } from "../api/client";
import { Button, cx, Panel } from "../ui/parts";
import { useCast } from "./cast";
import { count } from "./words";

export function Capabilities({ plugin: p }: { plugin: Plugin }) {
  return (
    <Panel title="Capabilities" className="shrink-0">
      {p.capabilities.length === 0 && <p className="px-3.5 pb-3 text-sm text-faint">It asks for no power.</p>}
      {p.capabilities.length > 0 && (
        <table className="mx-2 mb-2 text-xs" aria-label="Capabilities">
          <thead className="text-left text-2xs text-faint">
            <tr>
              <th scope="col" className="px-1.5 py-1 font-medium">Capability</th>
              <th scope="col" className="px-1.5 font-medium max-sm:hidden">Why, says its author</th>
              <th scope="col" className="px-1.5 text-right font-medium">Used</th>
              <th scope="col" className="px-1.5 text-right font-medium max-sm:hidden">In shadow</th>
              <th scope="col" className="px-1.5 font-medium">Granted</th>
            </tr>
          </thead>
          <tbody>{p.capabilities.map((c) => <Row key={c.name} plugin={p} power={c} />)}</tbody>
        </table>
      )}
    </Panel>
  );
}

function Row({ plugin, power: c }: { plugin: Plugin; power: Capability }) {
  const cast = useCast();
  const [Sign, tint, word] = c.ask ? ([Hand, "text-warn", "ask me each time"] as const) : c.granted ? ([Check, "text-good", "granted"] as const) : ([X, "text-live", "not granted"] as const);
  const wouldBe = `${count(c.used_in_shadow)} would-be`;
  const more = c.more?.join(", ");
  const limits = [c.limit, ...(c.hosts ?? []).filter((h) => !c.limit?.includes(h))].filter(Boolean).join(" · ");
  return (
    <tr className="border-t border-line/60">
      <th scope="row" className="px-1.5 py-1 text-left font-normal sm:max-w-64 sm:min-w-40">
        <span className="font-mono">{c.name}</span>
        {limits && <span className="block text-2xs wrap-anywhere text-faint sm:inline sm:pl-2">{limits}</span>}
        {more && <span className="block text-2xs wrap-anywhere text-warn">asks for more than was granted: {more}</span>}
        <span className="block wrap-anywhere text-soft sm:hidden">{c.why}</span>
      </th>
      <td className="w-1/2 px-1.5 wrap-anywhere text-soft max-sm:hidden">
        {c.why}
        {c.why_granted && <span className="block text-2xs text-warn">when it was granted: “{c.why_granted}”</span>}
      </td>
      <td className="px-1.5 text-right tabular">
        {c.stored_bytes ? `${(c.stored_bytes / 1024).toFixed(1)} KiB` : count(c.used)}
        {c.used_in_shadow > 0 && <span className="block whitespace-nowrap sm:hidden">{wouldBe}</span>}
        {c.denied > 0 && <span className="block text-2xs whitespace-nowrap text-warn">{count(c.denied)} denied</span>}
      </td>
      <td className="px-1.5 text-right whitespace-nowrap tabular max-sm:hidden">{c.used_in_shadow > 0 ? wouldBe : "0"}</td>
      <td className="py-0.5 pr-1 pl-1.5">
        <div className="flex items-center justify-between gap-2 max-sm:flex-col max-sm:items-start max-sm:gap-0.5">
          <p className={cx("font-medium whitespace-nowrap", tint)}>
            <Sign aria-hidden size={13} className="mr-1 inline-block align-[-2px]" /><span>{word}</span>
            {c.granted_by && <span className="block text-2xs font-normal text-faint xl:inline xl:pl-1.5">by {c.granted_by}</span>}
          </p>
          <div className="flex gap-1">
          {more && <Button look="gold" waits={cast.busy} aria-label={`Grant the rest of ${c.name}`} className="h-6.5!" title={`Gives it ${more} as well`} onClick={() => cast.grant(plugin, c, c.ask)}>Grant the rest</Button>}
          {c.askable && !c.ask && <Button look="quiet" waits={cast.busy} aria-label={`Ask me each time about ${c.name}`} className="h-6.5!" title="Each use waits for your yes or no" onClick={() => cast.grant(plugin, c, true)}>Ask me</Button>}
          {c.ask && <Button look="quiet" waits={cast.busy} aria-label={`Grant ${c.name} for good`} className="h-6.5!" onClick={() => cast.grant(plugin, c)}>Grant</Button>}
          <Button
            look={c.granted ? "quiet" : "plain"} waits={cast.busy} aria-label={`${c.granted ? "Revoke" : "Grant"} ${c.name}`} className="h-6.5!"
            title={!c.granted && c.outward ? "It reaches beyond the stage" : undefined}
            onClick={() => (c.granted ? cast.revoke(plugin, c) : cast.grant(plugin, c))}
          >
            {c.granted ? "Revoke" : "Grant"}
          </Button>
          </div>
        </div>
      </td>
    </tr>
  );
}
