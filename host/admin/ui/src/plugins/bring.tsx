// How plugins come to be here: a package that is brought, or a character that is begun. Files may be dropped anywhere on the page.
import { FileUp, Sparkles } from "lucide-react";
import { useState, type DragEvent, type ReactNode } from "react";
import { api, type PackageReport, type Slot } from "../api/client";
import { useAct } from "../ui/notices";
import { Button } from "../ui/parts";
import { Begin } from "./begin";
import { unshadow } from "./cast";
import { Install } from "./install";

type Open = { what: "install"; dropped: File[] | null } | { what: "begin" } | null;

interface Props {
  slots: Slot[];
  choose: (id: string) => void;
  refresh: () => void;
  children: (buttons: ReactNode) => ReactNode;
}

export function Bring({ slots, choose, refresh, children }: Props) {
  const act = useAct();
  const [open, setOpen] = useState<Open>(null);
  const [over, setOver] = useState(false);
  const close = () => setOpen(null);
  const shadow = async (plugin: string, title: string) => {
    close();
    await act(() => api.shadow(plugin), (s) => `${s.shadow?.name ?? title} ${s.shadow?.version ?? ""} hears the show as shadow.`, { act: (s) => unshadow(s).finally(refresh), done: "The shadow is over." });
    refresh();
  };
  const installed = (r: PackageReport, load: boolean) => {
    choose(load ? `${r.id}~shadow` : r.plugin);
    refresh();
    if (load) return void shadow(r.plugin, r.name);
    close();
    void act(() => Promise.resolve(r), `${r.name} ${r.version} is installed.`);
  };
  const late = (r: PackageReport) => {
    refresh();
    void act(() => Promise.resolve(r), `It was too late to cancel: ${r.name} ${r.version} is installed. It is not loaded.`);
  };
  const files = (e: DragEvent) => e.dataTransfer.types.includes("Files");
  return (
    <main
      className="cast relative"
      onDragEnter={(e) => files(e) && setOver(true)}
      onDragOver={(e) => files(e) && (e.preventDefault(), setOver(true))}
      onDragLeave={(e) => !e.currentTarget.contains(e.relatedTarget as Node) && setOver(false)}
      onDrop={(e) => {
        setOver(false);
        if (!files(e) || open) return;
        e.preventDefault();
        setOpen({ what: "install", dropped: [...e.dataTransfer.files] });
      }}
    >
      {children(
        <div className="flex gap-1.5">
          <Button onClick={() => setOpen({ what: "install", dropped: null })} className="h-7"><FileUp aria-hidden size={14} /> Install…</Button>
          <Button look="gold" onClick={() => setOpen({ what: "begin" })} className="h-7"><Sparkles aria-hidden size={14} /> New character</Button>
        </div>,
      )}
      {over && !open && (
        <div aria-hidden className="pointer-events-none absolute inset-2.5 z-30 grid place-items-center rounded-xl border-2 border-dashed border-gold bg-ground/85 text-lg font-semibold text-gold">Drop the package to look at it</div>
      )}
      {open?.what === "install" && <Install dropped={open.dropped} slots={slots} close={close} done={installed} late={late} />}
      {open?.what === "begin" && (
        <Begin close={close} begun={(c) => (choose(c.plugin), refresh())} shadow={(c) => (choose(`${c.plugin}~shadow`), void shadow(c.plugin, c.plugin))} />
      )}
    </main>
  );
}
