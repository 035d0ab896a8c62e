// Keeps the lot page up to date: server-sent events, or a look every few seconds where they do not get through.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const put = (id, text) => { const el = $(id); if (el && el.textContent !== text) el.textContent = text; return el; };
  const two = (n) => String(n).padStart(2, "0");
  const clock = (ms) => {
    const s = Math.ceil(Math.max(0, ms) / 1000), h = Math.floor(s / 3600);
    return (h ? h + ":" : "") + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  };
  const ago = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    return s < 1 ? "now" : s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min" : Math.floor(s / 3600) + " h";
  };
  const states = { open: "Open for bids", paused: "Bids on hold", sold: "Sold", unsold: "Unsold" };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let lot = null, state = "", skew = 0, told = 0;

  const row = (...cells) => {
    const li = document.createElement("li");
    for (const [tag, text, at] of cells) {
      const el = document.createElement(tag);
      el.textContent = text;
      if (at) el.dateTime = at;
      li.append(el);
    }
    return li;
  };

  // A polite word for those who listen, at most one in five seconds.
  const tell = (text) => { if (Date.now() - told > 5000) { told = Date.now(); put("news", text); } };

  const show = (v) => {
    skew = Date.parse(v.now) - Date.now();
    if ((v.lot ? v.lot.id : "") !== document.body.dataset.lot) { location.reload(); return; }
    lot = v.lot; state = v.state;
    document.body.dataset.state = state;
    if (!lot) return;
    const price = lot.bids ? lot.price.eth : lot.start.eth, el = $("price");
    if (el.textContent !== price) {
      el.textContent = price;
      const box = el.parentElement;
      if (!still) { box.classList.remove("struck"); void box.offsetWidth; box.classList.add("struck"); }
      tell(price + " ETH by @" + lot.leader);
      document.title = lot.title + ": " + price + " ETH";
    }
    put("state", states[state] || "");
    put("price-label", state === "sold" ? "Sold for" : lot.bids ? "Current bid" : "Starting price");
    put("leader", lot.leader ? "@" + lot.leader : "no bid yet");
    put("time-label", state === "open" ? "Ends in" : state === "paused" ? "Clock stands at" : "");
    put("extended", lot.extensions ? "extended ×" + lot.extensions : "");
    put("reserve", lot.reserve_met ? "met" : "not met yet");
    put("count", String(lot.bids));
    put("least", lot.minimum.eth);
    $("bid").hidden = state !== "open";
    if (v.bid_url) { $("bid-link").href = v.bid_url; put("bid-text", v.bid_text); }
    if (v.bids.length) {
      const rows = v.bids.map((b) => row(["span", "@" + b.handle], ["b", b.amount.eth + " ETH"], ["time", "", b.at]));
      rows[0].className = "leads";
      $("bids").replaceChildren(...rows);
    }
    tick();
  };

  const tick = () => {
    const now = Date.now() + skew;
    for (const t of document.querySelectorAll("#bids time")) t.textContent = ago(now - Date.parse(t.dateTime));
    if (!lot) return;
    const left = state === "open" && lot.closes ? Date.parse(lot.closes) - now : lot.left_ms;
    const el = put("clock", state === "open" || state === "paused" ? clock(left) : "");
    el.classList.toggle("near", state === "open" && left < 60000);
  };
  setInterval(tick, 250);

  const live = (yes) => { put("on", yes ? "live" : "connecting…").classList.toggle("live", yes); };
  const look = () => fetch("/api/v1/public/lot").then((r) => r.json()).then(show).catch(() => live(false));
  const source = new EventSource("/api/v1/public/lot/stream");
  source.addEventListener("lot", (e) => { live(true); show(JSON.parse(e.data)); });
  source.addEventListener("error", () => { live(false); if (source.readyState === EventSource.CLOSED) setInterval(look, 4000); });
})();
