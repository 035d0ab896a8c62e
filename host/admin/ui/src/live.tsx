// The page "Live": the show on air and everything that steers it.
import type { Me } from "./api/client";
import { useKeys } from "./ui/keys";
import { Program } from "./panels/program";
import { Sale } from "./panels/sale";
import { StagePanel } from "./panels/stage";
import { Story } from "./panels/story";

export function Live({ me }: { me: Me }) {
  useKeys({ "/": () => document.getElementById("say")?.focus() });
  return (
    <main className="room">
      <title>{`Live · ${me.name}`}</title>
      <h1 className="sr-only">{me.name}: live</h1>
      <Program />
      <StagePanel />
      <Story />
      <Sale />
    </main>
  );
}
