// The strip that tells what is sold, for how much, and how long it still goes. sdk/tck/examples describes it.

import { definePlugin } from "@sothebais/sdk";
import { clean, flag, isFlag, isNumber, read, write } from "./state.js";

const fresh = () => ({ headline: "", start: 0n, reserve: 0n, duration: 0n, met: false, hurry: false, flash: 0, countdown: "", bar: undefined, ticker: [] });
let s = fresh();

const max = (a, b) => (a > b ? a : b);
const atLeast0 = (n) => Math.max(0, n);
const capped = (n) => (n > 999_999_999_999_999_999n ? 999_999_999_999_999_999n : n);

function shorten(seconds) {
  if (seconds < 0) return "";
  return `${Math.trunc(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** How far the price has risen above the start, in percent, as 64 bits have it. */
function rise(amount) {
  const above = amount > s.start ? (amount - s.start) / 1000n : 0n;
  return BigInt.asUintN(64, above * 100n) / max(1n, s.start / 1000n);
}

function reserveBar(amount) {
  const a = amount / 1000n;
  const r = max(1n, s.reserve / 1000n);
  return a >= r ? 1000 : Number((a * 1000n) / r);
}

function setHurry(on, show) {
  s.hurry = on;
  show.show("hurry", on);
}

function endOfLot(show) {
  s.flash = 0;
  s.headline = "";
  if (s.countdown !== "") {
    s.countdown = "";
    show.text("countdown");
  }
  if (s.hurry) setHurry(false, show);
}

const unsold = { no_bids: "No bids", reserve_not_met: "The reserve was not met", withdrawn: "Withdrawn" };

export default definePlugin({
  on: {
    "session.opened"({ name }, show) {
      s = fresh();
      show.text("headline", clean(name));
      for (const slot of ["price", "leader", "ticker"]) show.text(slot);
    },
    "lot.opened"(lot, show) {
      const by = lot.artist === "" ? "" : ` by ${clean(lot.artist)}`;
      s = { ...fresh(), headline: `Lot ${atLeast0(lot.number)}: ${clean(lot.title)}${by}` };
      s.start = lot.startGwei;
      s.reserve = lot.reserveGwei;
      s.duration = BigInt(atLeast0(lot.durationMs));
      show.text("headline", s.headline);
      show.text("price", `from ${clean(lot.start)} ETH`);
      for (const slot of ["leader", "ticker", "rise"]) show.text(slot);
      show.bar("reserve", 0);
      show.show("reserve-met", false);
      show.show("hurry", false);
    },
    "bid.accepted"(bid, show) {
      const [handle, amount] = [clean(bid.handle), clean(bid.amount)];
      show.text("price", `${amount} ETH`);
      show.text("leader", `@${handle}`);
      s.ticker = [`@${handle} ${amount}`, ...s.ticker].slice(0, 3);
      show.text("ticker", s.ticker.join(" · "));
      const p = rise(bid.amountGwei);
      show.text("rise", p === 0n || s.start === 0n ? "" : `+${p} %`);
      show.bar("reserve", reserveBar(bid.amountGwei));
      if (bid.reserveMet && !s.met) {
        s.met = true;
        show.show("reserve-met", true);
        show.sound("chime");
      }
    },
    "clock.ticked"(tick, show) {
      const n = Math.min(tick.secondsLeft, 1_000_000);
      if (s.flash > 0 && --s.flash === 0) show.text("headline", s.headline);
      const countdown = shorten(n);
      if (countdown !== s.countdown) show.text("countdown", (s.countdown = countdown));
      if (n >= 0 && s.duration !== 0n) {
        const v = Math.min(1000, Number((BigInt(n) * 1_000_000n) / s.duration));
        if (v !== s.bar) show.bar("time", (s.bar = v));
      }
      if (!s.hurry && n >= 0 && n <= 10) setHurry(true, show);
      else if (s.hurry && (n < 0 || n > 15)) setHurry(false, show);
    },
    "lot.extended"({ count, last }, show) {
      const times = count === 1 ? "once" : `${atLeast0(count)} times`;
      show.text("headline", `Extended ${times}${last ? ", for the last time" : ""}`);
      s.flash = 5;
    },
    "lot.paused"(_, show) {
      s.flash = 0;
      show.text("headline", "Paused");
    },
    "lot.resumed": (_, show) => show.text("headline", s.headline),
    "lot.sold"({ handle, amount }, show) {
      show.text("headline", `Sold to @${clean(handle)} for ${clean(amount)} ETH`);
      show.sound("hammer");
      endOfLot(show);
    },
    "lot.unsold"({ reason }, show) {
      show.text("headline", Object.hasOwn(unsold, reason) ? unsold[reason] : "Not sold");
      endOfLot(show);
    },
    "session.closed"({ sold, total }, show) {
      s = fresh();
      show.text("headline", `${atLeast0(sold)} ${sold === 1 ? "lot" : "lots"} sold for ${clean(total)} ETH`);
    },
  },
  save: () =>
    write("pricebug", [
      ["headline", s.headline],
      ["start", capped(s.start)],
      ["reserve", capped(s.reserve)],
      ["duration", capped(s.duration)],
      ["met", flag(s.met)],
      ["hurry", flag(s.hurry)],
      ["flash", s.flash],
      ["countdown", s.countdown],
      ...(s.bar === undefined ? [] : [["bar", s.bar]]),
      ...s.ticker.map((entry) => ["ticker", entry]),
    ]),
  restore(saved) {
    const next = fresh();
    read("pricebug", saved.text(), (key, value) => {
      switch (key) {
        case "headline":
        case "countdown":
          next[key] = value;
          return true;
        case "start":
        case "reserve":
        case "duration":
          return isNumber(value) && ((next[key] = BigInt(value)), true);
        case "flash":
        case "bar":
          return isNumber(value) && ((next[key] = Number(value)), true);
        case "met":
        case "hurry":
          return isFlag(value) && ((next[key] = value === "1"), true);
        case "ticker":
          if (next.ticker.length < 3) next.ticker.push(value);
          return true;
        default:
          return false;
      }
    });
    s = next;
  },
});
