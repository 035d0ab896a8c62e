// Chooses the scene, without nervousness. sdk/tck/examples describes it.

import { definePlugin, Level } from "@sothebais/sdk";
import { clean, flag, isFlag, isNumber, read, write } from "./state.js";

const [toIntermission, toGallery, release] = [1, 2, 3];
const texts = ["want", "asked"];
const numbers = ["changed", "heat", "busy", "calm"];
const flags = ["chat", "held", "told"];

const fresh = () => ({ want: "", asked: "", changed: 0, heat: 0, busy: 0, calm: 0, chat: false, held: false, told: false, due: [0, 0, 0, 0] });
let s = fresh();

const time = (event) => Math.max(0, event.at);

function set(token, ms, event, show) {
  s.due[token] = time(event) + ms;
  show.timer(token, ms);
}

function cancel(token, show) {
  if (s.due[token] === 0) return;
  s.due[token] = 0;
  show.timer(token, 0);
}

function go(scene, transition, ms, event, show) {
  s.want = scene;
  if (s.held || s.asked === scene) return;
  s.asked = scene;
  s.changed = time(event);
  show.scene(scene, transition, ms);
}

/** A timer only wakes the plugin up: what is due is done whatever wakes it. */
function whatIsDue(event, show) {
  const isDue = (token) => s.due[token] !== 0 && s.due[token] <= time(event) && ((s.due[token] = 0), true);
  if (isDue(toIntermission)) go("intermission", "fade", 800, event, show);
  if (isDue(toGallery) && s.want === "lot") go("gallery", "fade", 800, event, show);
  if (isDue(release)) {
    s.held = false;
    if (s.want !== "") go(s.want, "fade", 400, event, show);
  }
}

const rested = (event) => time(event) - s.changed >= 5000;

function chatter(posts, show) {
  s.busy = posts >= 120 ? s.busy + 1 : 0;
  s.calm = posts < 60 ? s.calm + 1 : 0;
  if (!s.chat && s.busy >= 3) show.show("chat", (s.chat = true));
  else if (s.chat && s.calm >= 5) show.show("chat", (s.chat = false));
}

const rules = {
  "session.opened": (e, show) => go("welcome", "fade", 800, e, show),
  "lot.opened"(e, show) {
    cancel(toIntermission, show);
    s.heat = 0;
    go("lot", "fade", 400, e, show);
    set(toGallery, 45000, e, show);
  },
  "bid.accepted"(e, show) {
    s.heat = Math.min(100, s.heat + 20);
    set(toGallery, 45000, e, show);
    if (s.want === "gallery") go("lot", "cut", 0, e, show);
    if (s.heat >= 60 && s.want === "lot" && rested(e)) go("duel", "cut", 0, e, show);
  },
  "clock.ticked"(e, show) {
    s.heat = Math.max(0, s.heat - 4);
    if (s.heat <= 20 && s.want === "duel" && rested(e)) go("lot", "fade", 400, e, show);
    chatter(e.postsAMinute, show);
  },
  "lot.sold"(e, show) {
    cancel(toGallery, show);
    go("sold", "cut", 0, e, show);
    set(toIntermission, 6000, e, show);
  },
  "lot.unsold"(e, show) {
    cancel(toGallery, show);
    go("intermission", "fade", 800, e, show);
  },
  "lot.paused"(e, show) {
    cancel(toGallery, show);
    go("break", "fade", 400, e, show);
  },
  "lot.resumed"(e, show) {
    go("lot", "fade", 400, e, show);
    set(toGallery, 45000, e, show);
  },
  "scene.shown"(e, show) {
    const scene = clean(e.scene);
    if (scene === s.asked) return;
    s.held = true;
    s.asked = scene;
    set(release, 30000, e, show);
  },
  "power.denied"(e, show) {
    if (e.power !== "timer" || s.told) return;
    s.told = true;
    show.log(Level.warn, `no timers: ${clean(e.reason)}`);
  },
  "session.closed"(e, show) {
    cancel(toIntermission, show);
    cancel(toGallery, show);
    go("goodbye", "fade", 800, e, show);
  },
};

/** Other events do nothing but wake the plugin up. */
const others = ["post.received", "bid.refused", "lot.extended", "lot.closing", "speech.started", "speech.ended", "operator.acted", "timer.fired", "fetch.answered", "model.answered"];

export default definePlugin({
  on: Object.fromEntries(
    [...Object.keys(rules), ...others].map((kind) => [
      kind,
      (event, show) => {
        whatIsDue(event, show);
        rules[kind]?.(event, show);
      },
    ]),
  ),
  save: () =>
    write("pacer", [
      ...texts.map((key) => [key, s[key]]),
      ...numbers.map((key) => [key, s[key]]),
      ...flags.map((key) => [key, flag(s[key])]),
      ...[1, 2, 3].filter((token) => s.due[token] !== 0).map((token) => ["due", `${token} ${s.due[token]}`]),
    ]),
  restore(saved) {
    const next = fresh();
    read("pacer", saved.text(), (key, value) => {
      const [, token, at] = /^([123]) ([0-9]{1,18})$/.exec(value) ?? [];
      if (texts.includes(key)) next[key] = value;
      else if (numbers.includes(key) && isNumber(value)) next[key] = Number(value);
      else if (flags.includes(key) && isFlag(value)) next[key] = value === "1";
      else if (key === "due" && token !== undefined) next.due[token] = Number(at);
      else return false;
      return true;
    });
    s = next;
  },
});
