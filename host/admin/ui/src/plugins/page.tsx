// The page "Characters & plugins": what is in the slots, what it may do, what a shadow would do, and the way back.
import { useCallback, useState } from "react";
import { api, type Me, type Plugin, type Slot } from "../api/client";
import { useQuery } from "../feed/query";
import { Panel } from "../ui/parts";
import { Tabs, type Tab } from "../ui/tabs";
import { useParam } from "../ui/route";
import { Capabilities } from "./capabilities";
import { Bring } from "./bring";
import { CastActs } from "./cast";
import { Head } from "./detail";
import { History } from "./history";
import { inOrder, List } from "./list";
import { About, Log, Quarantine } from "./rest";
import { ShadowDiff } from "./shadow";
import { Failed, Nothing } from "./states";

const pace = 5_000;

interface Picture {
  plugins: Plugin[];
  slots: Slot[];
}

const ask = async (): Promise<Picture> => {
  const [plugins, slots] = await Promise.all([api.plugins(), api.slots()]);
  return { plugins: inOrder(plugins), slots };
};

export function Plugins({ me }: { me: Me }) {
  const picture = useQuery<Picture>("plugins", ask, pace);
  const { plugins, slots } = picture.data ?? { plugins: [], slots: [] };
  const [chosen, choose, name] = useChosen(plugins);
  const slot = chosen ? slots.find((s) => s.slot === chosen.kind) : undefined;
  return (
    <CastActs refresh={picture.refresh}>
      <Bring slots={slots} choose={name} refresh={picture.refresh}>
        {(buttons) => (
          <>
            <title>{`Characters & plugins · ${me.name}`}</title>
            <h1 className="sr-only">{me.name}: characters and plugins</h1>
            <Panel title="Characters & plugins" area="list" side={buttons}>
              {picture.data && picture.error && <p role="alert" className="px-3.5 py-1 text-2xs wrap-anywhere text-live">{picture.error} What stands here is from before.</p>}
              {picture.data ? <List plugins={plugins} slots={slots} chosen={chosen} choose={choose} /> : picture.error ? <Failed error={picture.error} again={picture.refresh} /> : <Nothing>Asking the plugin host…</Nothing>}
              {picture.data && plugins.length === 0 && <Nothing>No plugin is installed.</Nothing>}
            </Panel>
            {chosen && (
              <div style={{ gridArea: "detail" }} className="flex min-h-0 min-w-0 flex-col gap-2.5 overflow-y-auto">
                <Head plugin={chosen} slot={slot} />
                <Capabilities plugin={chosen} />
                {slot && <More plugin={chosen} slot={slot} />}
              </div>
            )}
            {slot && <History slot={slot} />}
          </>
        )}
      </Bring>
    </CastActs>
  );
}

/** What the address names; the plugin may have gone into another state meanwhile. */
function useChosen(plugins: Plugin[]): [Plugin | null, (p: Plugin) => void, (name: string) => void] {
  const [name, setName] = useParam("plugin");
  const [id, state] = name.split("~");
  const choose = useCallback((p: Plugin) => {
    setName(`${p.id}~${p.state}`);
    if (matchMedia("(max-width: 1099px)").matches) requestAnimationFrame(() => document.querySelector("[data-chosen]")?.scrollIntoView());
  }, [setName]);
  const same = plugins.filter((p) => p.id === id || (p.package && p.package === id));
  return [same.find((p) => p.state === state) ?? same[0] ?? plugins[0] ?? null, choose, setName];
}

type Which = "shadow" | "aside" | "log" | "about";

function More({ plugin, slot }: { plugin: Plugin; slot: Slot }) {
  const [on, choose] = useState<Which>("shadow");
  const tabs: Tab[] = [
    { id: "shadow", name: "Shadow diff" },
    { id: "aside", name: "Quarantine", note: slot.quarantined > 0 && <span className="text-live tabular">{slot.quarantined}</span> },
    { id: "log", name: "Log" },
    { id: "about", name: "About" },
  ];
  return (
    <Tabs label="More" tabs={tabs} on={on} choose={(id) => choose(id as Which)} className="min-h-80 flex-1">
      {on === "shadow" && <ShadowDiff slot={slot} />}
      {on === "aside" && <Quarantine slot={slot} />}
      {on === "log" && <Log plugin={plugin} />}
      {on === "about" && <About plugin={plugin} />}
    </Tabs>
  );
}
