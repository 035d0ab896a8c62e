import { X } from "lucide-react";
import { useId, useLayoutEffect, useRef, type ReactNode, type RefObject } from "react";
import { Button, cx } from "./parts";

interface Props {
  title: string;
  close: () => void;
  /** For what is set side by side. */
  wide?: boolean;
  children: ReactNode;
}

/** Opens a dialog over the page. It is closed before it is taken away: only so does the focus go back to where it was. */
export function useModal(ref: RefObject<HTMLDialogElement | null>): void {
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, [ref]);
}

/** A dialog with a head; Escape, the cross and a click beside it close it. */
export function Dialog({ title, close, wide, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useModal(dialog);
  return (
    <dialog
      ref={dialog} onClose={close} onMouseDown={(e) => e.target === dialog.current && close()} aria-labelledby={id}
      className={cx("m-auto flex max-h-[min(46rem,92dvh)] flex-col rounded-2xl border border-line bg-panel p-0 text-text shadow-2xl not-open:hidden backdrop:bg-black/60", wide ? "w-[min(60rem,94vw)]" : "w-[min(38rem,94vw)]")}
    >
      <header className="flex shrink-0 items-center justify-between border-b border-line py-2.5 pr-3 pl-5">
        <h2 id={id} className="text-base font-semibold">{title}</h2>
        <Button look="quiet" onClick={close} aria-label="Close" className="px-2"><X aria-hidden size={16} /></Button>
      </header>
      {children}
    </dialog>
  );
}

/** What scrolls; with a label where nothing in it takes the focus, so that keys can scroll it. */
export const Body = ({ label, children }: { label?: string; children: ReactNode }) => (
  <div {...(label && { tabIndex: 0, role: "region", "aria-label": label })} className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
);

export const Foot = ({ children }: { children: ReactNode }) => <div className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">{children}</div>;
