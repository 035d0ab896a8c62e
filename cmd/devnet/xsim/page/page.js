// The page to post by hand: the timeline as it grows, and a form. Whatever strangers wrote is shown as text only.
const $ = (id) => document.getElementById(id);
const kept = 200; // threads on the page
const nodes = new Map(); // id of a post → its element
const state = { host: null, users: [], view: "all", held: null, replyTo: "", editOf: "" };

const hue = (id) => [...id].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 360, 7);

function avatar(el, user) {
  el.textContent = [...user.name].find((c) => /\p{L}/u.test(c))?.toUpperCase() ?? "•";
  el.style.setProperty("--hue", hue(user.id));
  el.classList.toggle("host", user.id === state.host.id);
}

// linked puts mentions in colour without ever parsing HTML.
function linked(el, text) {
  el.replaceChildren(...text.split(/(@\w{1,15})/).map((part, i) => {
    if (i % 2 === 0) return document.createTextNode(part);
    const at = document.createElement("span");
    at.className = "at";
    at.textContent = part;
    return at;
  }));
}

function render(p, fresh) {
  const el = $("post").content.firstElementChild.cloneNode(true);
  const own = p.author.id === state.host.id;
  avatar(el.querySelector(".avatar"), p.author);
  el.querySelector(".name").textContent = p.author.name;
  el.querySelector(".handle").textContent = "@" + p.author.username;
  const time = el.querySelector("time");
  time.dateTime = p.at;
  time.textContent = new Date(p.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  el.querySelector(".badge").textContent = p.made_with_ai ? "made with AI" : p.history.length > 1 ? `edited ${p.history.length - 1}×` : "";
  linked(el.querySelector(".text"), p.text);
  el.querySelector(".reply").onclick = () => begin({ replyTo: p.id, note: `Replying to @${p.author.username}`, text: `@${p.author.username} ` });
  const edit = el.querySelector(".edit");
  edit.hidden = own;
  edit.onclick = () => begin({ editOf: p.id, note: `Editing a post of @${p.author.username}`, text: p.text, user: p.author.username });
  el.dataset.author = p.author.id;
  el.classList.toggle("new", fresh);
  return el;
}

function place(p, fresh) {
  const old = nodes.get(p.history.at(-2));
  const el = render(p, fresh);
  nodes.set(p.id, el);
  const parent = nodes.get(p.reply_to);
  if (old) {
    el.querySelector(".thread").replaceWith(old.querySelector(".thread"));
    old.replaceWith(el);
    for (const id of p.history) nodes.set(id, el);
  } else if (parent) {
    parent.querySelector(".thread").append(el);
  } else {
    $("feed").prepend(el);
  }
}

function trim() {
  const feed = $("feed");
  while (feed.childElementCount > kept) feed.lastElementChild.remove();
  for (const [id, el] of nodes) if (!el.isConnected) nodes.delete(id);
}

function filter() {
  const me = state.users.find((u) => u.handle === $("user").value)?.id;
  for (const el of $("feed").children) {
    const authors = [el, ...el.querySelectorAll(".post")].map((e) => e.dataset.author);
    el.hidden = state.view === "me" ? !authors.includes(me) : state.view === "host" ? !authors.includes(state.host.id) : false;
  }
  $("empty").hidden = [...$("feed").children].some((el) => !el.hidden);
}

// Posts are drawn once a frame, however many come.
let waiting = [];
function arrived(p) {
  waiting.push(p);
  if (waiting.length === 1 && !state.held) requestAnimationFrame(draw);
}
function draw() {
  const batch = waiting;
  waiting = [];
  const fresh = batch.length < 10;
  for (const p of batch) place(p, fresh);
  trim();
  filter();
}

function begin({ replyTo = "", editOf = "", note = "", text = "", user = "" }) {
  Object.assign(state, { replyTo, editOf });
  $("context").hidden = !note;
  $("context").firstElementChild.textContent = note;
  $("send").textContent = editOf ? "Save" : "Post";
  if (user) $("user").value = user;
  $("text").value = text;
  $("error").textContent = "";
  $("text").focus();
  count();
}

function count() {
  const left = 280 - [...$("text").value].length;
  $("left").textContent = left;
  $("left").classList.toggle("over", left < 0);
  $("send").disabled = left < 0 || !$("text").value.trim();
}

async function send(event) {
  event.preventDefault();
  if ($("send").disabled) return;
  const body = JSON.stringify({ user: $("user").value, text: $("text").value, replyTo: state.replyTo, editOf: state.editOf });
  $("send").disabled = true;
  try {
    const answer = await fetch("devnet/posts", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    begin({});
  } catch (err) {
    $("error").textContent = err.message;
  }
  count();
}

function quick(texts) {
  $("quick").replaceChildren(...texts.map((t) => {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = t;
    b.onclick = () => begin({ text: `@${state.host.handle} ${t}` });
    return b;
  }));
}

const get = async (path) => (await fetch(path)).json();

// look asks every second how things stand: the numbers, and the lot when the show is near.
async function look() {
  try {
    const now = await get("devnet/state");
    $("posts").textContent = now.posts;
    $("replies").textContent = now.replies;
    $("room").hidden = !now.host_url;
    $("room").firstElementChild.href = now.host_url || "#";
    const l = await get("devnet/lot");
    $("lot").hidden = !l.lot;
    if (l.lot) showLot(l);
  } catch {
    $("lot").hidden = true;
  }
  setTimeout(look, 1000);
}

function showLot(l) {
  $("lot-title").textContent = l.lot.title ?? "";
  $("lot-artist").textContent = l.lot.artist ?? "";
  $("lot-price").textContent = `${l.lot.price.eth} ETH`;
  const left = Math.max(0, Math.round((l.lot.left_ms ?? 0) / 1000));
  const open = l.state === "open";
  $("lot-left").textContent = open ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : l.state;
  $("lot-left").classList.toggle("soon", open && left <= 30);
  $("lot-leader").textContent = l.bids?.[0]?.handle ? `@${l.bids[0].handle} leads` : "no bids yet";
  const next = l.bid_text?.replace(/^@\w+\s+/, "");
  if (next && next !== showLot.next) {
    showLot.next = next;
    quick([next, "bid 1,500 ETH", "who made this?", "gm ☀️"]);
  }
}

function listen() {
  const source = new EventSource("devnet/events");
  source.onopen = () => { $("link").textContent = "live"; $("link").className = "up"; };
  source.onerror = () => { $("link").textContent = "the simulator is away"; $("link").className = "down"; };
  source.onmessage = (e) => arrived(JSON.parse(e.data));
}

// chosen remembers who is posted as.
function chosen() {
  const user = state.users.find((u) => u.handle === $("user").value);
  if (user) avatar($("me"), user);
  sessionStorage.setItem("user", $("user").value);
  filter();
}

async function start() {
  const { host, users } = await get("devnet/users");
  Object.assign(state, { host, users });
  $("host").textContent = "@" + host.handle;
  $("text").placeholder = `@${host.handle} bid 1.5 ETH`;
  $("user").replaceChildren(...users.map((u) => new Option(`${u.name} @${u.handle}`, u.handle)));
  $("user").value = sessionStorage.getItem("user") || users[0]?.handle;
  $("user").onchange = chosen;
  chosen();
  quick(["bid 1 ETH", "bid 1.5 ETH", "bid 1,500 ETH", "who made this?"]);
  count();
  listen();
  look();
}

$("composer").onsubmit = send;
$("text").oninput = count;
$("text").onkeydown = (e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) send(e); };
$("cancel").onclick = () => begin({});
$("pause").onclick = () => {
  state.held = !state.held;
  $("pause").setAttribute("aria-pressed", state.held);
  $("pause").textContent = state.held ? "Held" : "Hold";
  if (!state.held) draw();
};
for (const tab of document.querySelectorAll("[data-view]")) {
  tab.onclick = () => {
    state.view = tab.dataset.view;
    for (const other of document.querySelectorAll("[data-view]")) other.setAttribute("aria-pressed", other === tab);
    filter();
  };
}
begin({ text: new URLSearchParams(location.search).get("text") ?? "" }); // a link may bring the words, as it does on X
start().catch((err) => { $("error").textContent = err.message; });
