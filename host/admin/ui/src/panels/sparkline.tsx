import { useId } from "react";
import type { Lot } from "../api/client";
import { short } from "../feed/facts";
import { usePart } from "../feed/use";

const width = 340;
const height = 56;

/** The price over the bids of the lot, as steps, with the reserve as a dashed line. */
export function Sparkline({ lot }: { lot: Lot }) {
  const points = usePart("points");
  const fill = useId();
  const reserve = Number(lot.reserve?.eth ?? 0);
  const start = Number(lot.start.eth);
  const prices = [start, ...points.map((p) => p.eth)];
  const low = Math.min(...prices, reserve || start) * 0.96;
  const high = Math.max(...prices, reserve) * 1.04 || 1;
  const x = (i: number) => (prices.length > 1 ? (i * width) / (prices.length - 1) : 0);
  const y = (v: number) => height - ((v - low) / (high - low || 1)) * height;
  const steps = prices.map((p, i) => (i === 0 ? `M0 ${y(p)}` : `H${x(i)} V${y(p)}`)).join(" ") + (prices.length === 1 ? `H${width}` : "");
  const last = prices.at(-1) ?? 0;
  return (
    <figure className="relative mt-3">
      <svg viewBox={`0 -2 ${width} ${height + 4}`} preserveAspectRatio="none" role="img" aria-label={`Price from ${start} to ${last} ETH over ${points.length} bids`} className="h-14 w-full overflow-visible">
        <defs>
          <linearGradient id={fill} x2="0" y2="1">
            <stop offset="0" stopColor="var(--gold)" stopOpacity=".28" />
            <stop offset="1" stopColor="var(--gold)" stopOpacity="0" />
          </linearGradient>
        </defs>
        <path d={`${steps} H${width} V${height + 2} H0Z`} fill={`url(#${fill})`} />
        <path d={steps + ` H${width}`} fill="none" stroke="var(--gold)" strokeWidth="1.75" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
        {reserve > 0 && <line x1="0" x2={width} y1={y(reserve)} y2={y(reserve)} stroke="var(--soft)" strokeDasharray="3 4" vectorEffect="non-scaling-stroke" />}
      </svg>
      {reserve > 0 && (
        <figcaption style={{ top: `${((y(reserve) + 2) / (height + 4)) * 100}%` }} className="absolute left-0 -translate-y-full text-2xs text-soft">
          reserve {short(lot.reserve?.eth ?? "")}
        </figcaption>
      )}
    </figure>
  );
}
