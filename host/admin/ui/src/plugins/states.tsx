import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../ui/parts";

export const Nothing = ({ children }: { children: ReactNode }) => <p className="px-6 py-8 text-center text-sm text-balance text-faint">{children}</p>;

/** What could not be read, why, and how to try again. */
export function Failed({ error, again }: { error: string; again: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-8 text-center text-sm text-live">
      <p>{error}</p>
      <Button onClick={again}><RotateCw aria-hidden size={14} /> Try again</Button>
    </div>
  );
}
