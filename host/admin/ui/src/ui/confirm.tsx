import { useRef, type ReactNode } from "react";
import { useModal } from "./dialog";
import { Button } from "./parts";

interface Props {
  title: string;
  children: ReactNode;
  /** What the button does, in a word or two. */
  yes: string;
  done: (yes: boolean) => void;
}

/** Asks before what cannot be taken back. The way out has the focus. */
export function Confirm({ title, children, yes, done }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useModal(dialog);
  return (
    <dialog
      ref={dialog} onClose={() => done(false)} aria-labelledby="confirm-title" aria-describedby="confirm-words"
      className="m-auto w-[min(27rem,92vw)] rounded-2xl border border-line bg-panel p-5 text-text shadow-2xl backdrop:bg-black/60"
    >
      <h2 id="confirm-title" className="text-base font-semibold">{title}</h2>
      <div id="confirm-words" className="mt-2 text-sm leading-relaxed text-soft">{children}</div>
      <div className="mt-5 flex justify-end gap-2">
        <Button autoFocus onClick={() => done(false)} className="h-9 px-4">Cancel</Button>
        <Button look="danger" onClick={() => done(true)} className="h-9 px-4">{yes}</Button>
      </div>
    </dialog>
  );
}
