import { CirclePause, CirclePlay, Gavel, Plus, Trophy, Undo2 } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import { api, type Bid, type Lot } from "../api/client";
import { refusal, short } from "../feed/facts";
import { useNow, usePart } from "../feed/use";
import { useKeys } from "../ui/keys";
import { useAct } from "../ui/notices";
import { ago, Badge, Button, clock, cx, HoldButton, Panel, type Tint } from "../ui/parts";
import { Sparkline } from "./sparkline";

export function Sale() {
  return (
    <div style={{ gridArea: "sale" }} className="flex min-h-0 min-w-0 flex-col gap-2.5">
      <LotPanel />
      <Bids />
    </div>
  );
}

function state(l: Lot): [Tint, string] {
  switch (l.state) {
    case "open":
      return l.extensions > 0 ? ["warn", `Open · extended ×${l.extensions}`] : ["good", "Open"];
    case "paused":
      return ["warn", "Bids on hold"];
    case "sold":
      return ["good", "Sold"];
    case "unsold":
      return ["bad", "Unsold"];
    default:
      return ["idle", "Waiting"];
  }
}

function LotPanel() {
  const block = usePart("block");
  const lot = block?.lot ?? block?.last;
  if (!block) return <Panel title="Lot on the block"><p className="p-4 text-sm text-faint">Asking the auction…</p></Panel>;
  if (!lot) return <Panel title="Lot on the block"><Between /></Panel>;
  const [tint, word] = state(lot);
  return (
    <Panel title={`Lot ${lot.number}${block.lot ? "" : " · just closed"}`} side={<Badge tint={tint}>{word}</Badge>} className="shrink-0">
      <div className="px-3.5 pb-3.5">
        <div className="flex items-center gap-3">
          <Artwork lot={lot} />
          <div className="min-w-0">
            <p className="truncate text-[15px] font-semibold" title={lot.title}>{lot.title}</p>
            <p className="truncate text-sm text-soft">{lot.artist}</p>
          </div>
        </div>
        <div className="mt-3 flex items-end justify-between gap-3">
          <Price lot={lot} />
          <Countdown lot={lot} />
        </div>
        <Sparkline lot={lot} />
        <dl className="mt-2 grid grid-cols-3 gap-2 text-xs">
          <Figure name="Next bid from" value={`${short(lot.minimum.eth)} ETH`} />
          <Figure name="Reserve" value={lot.reserve ? `${short(lot.reserve.eth)} ETH` : "—"} tint={lot.reserve_met ? "text-good" : "text-warn"} note={lot.reserve_met ? "met" : "not met"} />
          <Figure name="Bids" value={String(lot.bids)} />
        </dl>
        <Acts lot={lot} onBlock={!!block.lot} />
        {!block.lot && <Between />}
      </div>
    </Panel>
  );
}

function Artwork({ lot }: { lot: Lot }) {
  const [broken, setBroken] = useState("");
  if (!lot.image || broken === lot.image) {
    return <div aria-hidden className="grid size-14 shrink-0 place-items-center rounded-lg bg-raised text-faint"><Gavel size={20} /></div>;
  }
  return <img src={lot.image} alt={`${lot.title} by ${lot.artist}`} onError={() => setBroken(lot.image ?? "")} className="size-14 shrink-0 rounded-lg object-cover" />;
}

function Price({ lot }: { lot: Lot }) {
  const none = lot.bids === 0;
  return (
    <div className="min-w-0">
      <p key={lot.price.wei} className={cx("tabular text-[34px] leading-none font-bold tracking-tight", !none && "struck")}>
        {short(none ? lot.start.eth : lot.price.eth)} <span className="text-lg font-semibold text-soft">ETH</span>
      </p>
      <p className="mt-1.5 flex items-center gap-1 truncate text-sm text-soft">
        {none ? "starting price, no bid yet" : <><Trophy aria-hidden size={13} className="shrink-0 text-gold" /> <span className="truncate font-medium text-text">@{lot.leader}</span></>}
      </p>
    </div>
  );
}

function left(l: Lot, now: number): number {
  return l.state === "open" && l.closes ? Math.max(0, Date.parse(l.closes) - now) : l.left_ms;
}

function Countdown({ lot }: { lot: Lot }) {
  const now = useNow(200);
  if (lot.state !== "open" && lot.state !== "paused") return null;
  const ms = left(lot, now);
  const tint = lot.state === "paused" ? "text-warn" : ms <= 10_000 ? "text-live" : ms <= 60_000 ? "text-warn" : "text-text";
  return (
    <div className="text-right">
      <p role="timer" aria-live="off" aria-label="Time left" className={cx("font-mono text-[30px] leading-none font-semibold tracking-tight tabular", tint)}>{clock(ms)}</p>
      <p className="mt-1.5 text-sm text-soft tabular">{lot.state === "paused" ? "clock stands" : `ends ${lot.closes ? new Date(lot.closes).toISOString().slice(11, 19) : ""} UTC`}</p>
      <Announce ms={ms} open={lot.state === "open"} />
    </div>
  );
}

const marks = [60, 30, 10];

/** Tells those who listen to the page at a few marks only. */
function Announce({ ms, open }: { ms: number; open: boolean }) {
  const mark = open ? marks.findLast((m) => ms <= m * 1000) : undefined;
  return <span className="sr-only" aria-live="polite">{mark ? `${mark} seconds left` : ""}</span>;
}

function Figure({ name, value, note, tint }: { name: string; value: string; note?: string; tint?: string }) {
  return (
    <div className="rounded-lg bg-raised px-2.5 py-1.5">
      <dt className="text-2xs text-faint">{name}</dt>
      <dd className="font-semibold whitespace-nowrap tabular">{value} {note && <span className={cx("text-2xs", tint)}>{note}</span>}</dd>
    </div>
  );
}

function Acts({ lot, onBlock }: { lot: Lot; onBlock: boolean }) {
  const act = useAct();
  const paused = lot.state === "paused";
  const can = onBlock && (paused || lot.state === "open");
  const toggle = () => void act(() => api.lotAct(paused ? "resume" : "pause", lot.id), paused ? "Bids are taken again" : "Bids are on hold");
  const extend = () => void act(() => api.extend(60, lot.id), "One minute more");
  useKeys(can ? { p: toggle, "+": extend } : {});
  return (
    <div role="group" aria-label="Steer the lot" className="mt-3 grid grid-cols-2 gap-1.5">
      <Button disabled={!can} keys="P" onClick={toggle}>
        {paused ? <CirclePlay aria-hidden size={15} /> : <CirclePause aria-hidden size={15} />} {paused ? "Take bids" : "Hold bids"}
      </Button>
      <Button disabled={!can} keys="+" onClick={extend}><Plus aria-hidden size={15} /> 1 min</Button>
      <HoldButton
        look="gold" disabled={!can} onHeld={() => void act(() => api.lotAct("hammer", lot.id), "The hammer fell")}
        what={`Close lot ${lot.number} now${lot.bids > 0 ? ` at ${lot.price.eth} ETH for @${lot.leader}` : ", without a bid"}`}
      >
        <Gavel aria-hidden size={15} /> Hammer · hold
      </HoldButton>
      <HoldButton look="danger" disabled={!can} onHeld={() => void act(() => api.lotAct("withdraw", lot.id), "The lot was withdrawn")} what={`Take lot ${lot.number} off the block unsold`}>
        <Undo2 aria-hidden size={15} /> Withdraw · hold
      </HoldButton>
    </div>
  );
}

function Between() {
  const block = usePart("block");
  const now = useNow(500);
  const next = block?.next[0];
  return (
    <p className="px-3.5 pt-2 pb-1 text-sm text-soft">
      {next ? <>Next: <span className="font-semibold text-text">{next.title}</span>{block?.opens && <> in <span className="tabular">{clock(Date.parse(block.opens) - now)}</span></>}</> : "No lot is on the block."}
    </p>
  );
}

function Bids() {
  const bids = usePart("bids");
  const lot = usePart("block")?.lot;
  const top = bids.find((b) => b.accepted)?.seq;
  const box = useRef<HTMLDivElement>(null);
  const refused = bids.reduce((n, b) => n + (b.accepted ? 0 : 1), 0);
  // New rows push the list down; whoever reads further below keeps their place.
  useEffect(() => {
    const el = box.current;
    if (el && el.scrollTop > 0) el.scrollTop += 33;
  }, [bids[0]?.seq]);
  return (
    <Panel title="Bids" side={<span className="text-2xs text-soft tabular">{bids.length - refused} taken · {refused} refused</span>} className="max-h-[60dvh] min-h-56 flex-1 min-[1240px]:max-h-none">
      <div ref={box} tabIndex={0} role="region" aria-label="Bids, newest first" className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-1.5">
        <table className="w-full text-[13px]">
          <thead className="sticky top-0 z-10 bg-panel text-2xs text-faint">
            <tr><th scope="col" className="px-2 py-1 text-left font-medium">Bidder</th><th scope="col" className="px-2 text-right font-medium">ETH</th><th scope="col" className="px-2 text-left font-medium">Status</th><th scope="col" className="px-2 text-right font-medium">Ago</th></tr>
          </thead>
          <tbody>
            {bids.map((b) => <Row key={b.seq} bid={b} leads={b.seq === top} sold={lot?.state === "sold"} />)}
          </tbody>
        </table>
        {bids.length === 0 && <p className="py-6 text-center text-sm text-faint">No bid yet.</p>}
      </div>
    </Panel>
  );
}

const Row = memo(function Row({ bid, leads, sold }: { bid: Bid; leads: boolean; sold: boolean }) {
  return (
    <tr className={cx("arrive border-t border-line/60", leads && "bg-gold/8")}>
      <td className="max-w-28 truncate px-2 py-1.5 font-medium" title={"@" + bid.handle}>@{bid.handle}</td>
      <td className={cx("px-2 text-right font-semibold tabular", !bid.accepted && "font-normal text-faint")} title={bid.amount.wei + " wei"}>{bid.amount.wei === "0" ? "—" : short(bid.amount.eth)}</td>
      <td className="px-2" title={bid.hint}>
        {bid.accepted ? <span className={leads ? "font-semibold text-gold" : "text-soft"}>{leads ? (sold ? "won" : "leading") : "outbid"}</span> : <span className="text-live">{refusal(bid.reason ?? "")}</span>}
      </td>
      <td className="px-2 text-right text-soft tabular"><Ago at={bid.at} /></td>
    </tr>
  );
});

function Ago({ at }: { at: string }) {
  return <>{ago(usePart("second") - Date.parse(at))}</>;
}
