import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, type EventView } from "../api/client";
import { Button } from "../ui/parts";

/** All facts that followed from one, as the ledger has them. */
export function ChainDialog({ root, close }: { root: number; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [facts, setFacts] = useState<EventView[] | string | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    let gone = false;
    api.chain(root).then(
      (list) => !gone && setFacts(list),
      (err: Error) => !gone && setFacts(err.message),
    );
    return () => {
      gone = true;
    };
  }, [root]);
  return (
    <dialog
      ref={dialog} onClose={close} onClick={(e) => e.target === dialog.current && close()} aria-labelledby="chain-title"
      className="m-auto w-[min(60rem,94vw)] rounded-2xl border border-line bg-panel p-0 text-text shadow-2xl backdrop:bg-black/60"
    >
      <header className="flex items-center justify-between border-b border-line px-5 py-3">
        <h2 id="chain-title" className="text-sm font-semibold">What followed from fact <span className="tabular">{root}</span></h2>
        <Button look="quiet" onClick={close} aria-label="Close" className="px-2"><X aria-hidden size={16} /></Button>
      </header>
      <div tabIndex={0} role="region" aria-label="Facts" className="max-h-[70dvh] overflow-auto px-5 pb-4">
        {facts === null && <p className="py-8 text-center text-sm text-faint">Reading the ledger…</p>}
        {typeof facts === "string" && <p role="alert" className="py-8 text-center text-sm text-live">{facts}</p>}
        {Array.isArray(facts) && <Facts list={facts} />}
      </div>
    </dialog>
  );
}

function Facts({ list }: { list: EventView[] }) {
  const began = Date.parse(list[0]?.ts ?? "");
  return (
    <table className="w-full text-xs">
      <thead className="sticky top-0 bg-panel text-left text-2xs text-faint">
        <tr><th scope="col" className="py-2 pr-4 font-medium">Fact</th><th scope="col" className="pr-4 font-medium">After</th><th scope="col" className="pr-4 text-right font-medium">Number</th><th scope="col" className="pr-4 text-right font-medium">Cause</th><th scope="col" className="font-medium">Data</th></tr>
      </thead>
      <tbody className="font-mono">
        {list.map((f) => (
          <tr key={f.seq} className="border-t border-line/60 align-top">
            <td className="py-1.5 pr-4 font-semibold whitespace-nowrap">{f.topic}</td>
            <td className="py-1.5 pr-4 whitespace-nowrap text-soft tabular">+{Date.parse(f.ts) - began} ms</td>
            <td className="py-1.5 pr-4 text-right text-soft tabular">{f.seq}</td>
            <td className="py-1.5 pr-4 text-right text-soft tabular">{f.cause ?? ""}</td>
            <td className="py-1.5 break-all text-faint">{JSON.stringify(f.data)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
