// The page "Live": the show on air and everything that steers it.
import type { Me } from "./api/client";
import { useKeys } from "./ui/keys";
import { Header } from "./panels/header";
import { Program } from "./panels/program";
import { Sale } from "./panels/sale";
import { StagePanel } from "./panels/stage";
import { Story } from "./panels/story";

export function Live({ me, logout }: { me: Me; logout: () => void }) {
  useKeys({ "/": () => document.getElementById("say")?.focus() });
  return (
    <>
      <Header me={me} logout={logout} />
      <main className="room">
        <h1 className="sr-only">{me.name}: live</h1>
        <Program />
        <StagePanel />
        <Story />
        <Sale />
      </main>
    </>
  );
}
