// Greets whoever comes back, and counts bids and wins of each for good. sdk/tck/examples describes it.

import { definePlugin, Level, Priority, StoreResult, type Show } from "@sothebais/sdk";
import { isNumber, read, write } from "./state.js";

interface Regulars {
  returned: number;
  seen: string[];
  waiting: { seq: number; handle: string }[];
}
type Stage = Show<Regulars>;

const maxSeen = 256;
const maxWaiting = 4;
const milestones = [3, 10, 50, 100];
const none = (): Regulars => ({ returned: 0, seen: [], waiting: [] });

/** What is remembered of a bidder for good. */
interface Card {
  visits: number;
  bids: number;
  wins: number;
}

function lookUp(show: Stage, account: string): Card {
  const numbers = (show.store.get(`bidder/${account}`) ?? "").split(" ");
  const [visits, bids, wins] = numbers.length === 3 && numbers.every(isNumber) ? numbers.map(Number) : [0, 0, 0];
  return { visits, bids, wins };
}

function putBack(show: Stage, account: string, handle: string, c: Card): void {
  const why = show.store.put(`bidder/${account}`, `${c.visits} ${c.bids} ${c.wins}`);
  const words = { [StoreResult.denied]: "denied", [StoreResult.full]: "full", [StoreResult.badKey]: "bad key" }[why];
  if (words) show.log(Level.warn, `cannot remember @${handle}: ${words}`);
}

/** Puts an entry at the end of a list, where the oldest makes room. */
function append<T>(list: T[], entry: T, most: number): void {
  list.push(entry);
  if (list.length > most) list.shift();
}

const usable = (...words: string[]) => words.every((w) => w !== "" && !w.includes("\n"));

function greet(show: Stage, seq: number, handle: string, visits: number): void {
  if (visits === 1) return append(show.state.waiting, { seq, handle }, maxWaiting);
  show.state.returned++;
  if (visits >= 5) {
    show.say(`Our dear regular @${handle} is here, visit number ${visits}.`, "delighted", Priority.bid);
    show.gesture("bow");
    return;
  }
  const lines = [`Welcome back, @${handle}.`, `@${handle}, good to see you again.`, `There you are, @${handle}. Visit number ${visits}.`];
  show.say(lines[show.random(3)], "happy", Priority.chat);
}

export default definePlugin<Regulars>({
  state: none(),
  on: {
    "session.opened": (_, show) => {
      show.state = none();
    },
    "bid.accepted"({ seq, bidder, handle }, show) {
      if (!usable(bidder, handle)) return;
      const card = lookUp(show, bidder);
      if (!show.state.seen.includes(bidder)) {
        append(show.state.seen, bidder, maxSeen);
        greet(show, seq, handle, ++card.visits);
      }
      if (milestones.includes(++card.bids)) show.say(`That was bid number ${card.bids} of @${handle}.`, "impressed", Priority.bid);
      putBack(show, bidder, handle, card);
    },
    "lot.sold"({ winner, handle }, show) {
      if (!usable(winner, handle)) return;
      const card = lookUp(show, winner);
      if (++card.wins === 1) show.say(`A first win for @${handle}. Congratulations.`, "happy", Priority.lot);
      else show.say(`@${handle} takes another one, win number ${card.wins}.`, "impressed", Priority.lot);
      putBack(show, winner, handle, card);
    },
    "clock.ticked"(tick, show) {
      if (tick.silentMs < 2000) return;
      const next = show.state.waiting.shift();
      if (next) show.say(`A new face: welcome, @${next.handle}.`, "curious", Priority.chat, next.seq);
    },
    "session.closed"(_, show) {
      const n = show.state.returned;
      const back = n === 0 ? "Good night, and come back soon." : n === 1 ? "Good night. One of you came back today." : `Good night. ${n} of you came back today.`;
      show.say(back, "calm", Priority.lot);
      show.state = none();
    },
  },
  save: ({ state }) =>
    write("regulars", [
      ["returned", state.returned],
      ...state.seen.map((account): [string, string] => ["seen", account]),
      ...state.waiting.map((w): [string, string] => ["waiting", `${w.seq} ${w.handle}`]),
    ]),
  restore(saved, show) {
    const state = none();
    read("regulars", saved.text(), (key, value) => {
      const [, seq, handle] = /^([0-9]{1,18}) (.+)$/s.exec(value) ?? [];
      if (key === "returned" && isNumber(value)) state.returned = Number(value);
      else if (key === "seen" && value !== "") append(state.seen, value, maxSeen);
      else if (key === "waiting" && seq !== undefined) append(state.waiting, { seq: Number(seq), handle }, maxWaiting);
      else return false;
      return true;
    });
    show.state = state;
  },
});
