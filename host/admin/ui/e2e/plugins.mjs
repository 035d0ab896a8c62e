// Drives the page "Characters & plugins" in Chromium.
import assert from "node:assert/strict";
import { accessible, BASE, end, eventually, foreseen, page, PASSWORD, seen, shot, SHOTS, step, tell, theme } from "./drive.mjs";

const list = page.getByRole("table", { name: "Plugins" });
const powers = page.getByRole("table", { name: "Capabilities" });
const diff = page.getByRole("table", { name: "Shadow diff" });
const says = (words) => seen(page.getByRole("status").filter({ hasText: words }));
const button = (name) => page.getByRole("button", { name });
const press = (name) => button(name).click();
const quiet = () => SHOTS && page.waitForTimeout(10_500); // no notice lies over the picture that is taken
const focused = () => page.evaluate(() => document.activeElement.innerText.trim());
/** What somebody else does, in another tab or on the command line. */
const elsewhere = async (method, path, data) => {
  const answer = await page.request.fetch(BASE + path, { method, data, headers: { origin: BASE } });
  assert(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
};
const heading = (name) => page.getByRole("heading", { level: 2, name });

await step("is reached by its address, through the login", async () => {
  await page.goto(BASE + "/plugins");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await seen(list);
  assert.equal(new URL(page.url()).pathname, "/plugins");
  await seen(page.getByRole("link", { name: "Characters & plugins" }).and(page.locator("[aria-current=page]")));
});

await step("goes to the live page and back without a reload", async () => {
  await page.evaluate(() => (window.same = true));
  await page.getByRole("link", { name: "Live" }).click();
  await seen(page.getByText("Nocturne for a Dial-up Modem"));
  await page.goBack();
  await seen(list);
  assert.equal(await page.evaluate(() => window.same), true);
  assert.equal(await page.title(), "Characters & plugins · Host".replace("Host", await page.getByRole("banner").locator("span").first().innerText()));
});

await step("lists every plugin with its state and cost", async () => {
  await seen(list.getByRole("row", { name: /Dusty Gavel shipped personality 0\.3\.0 on air.* 120 µs 3\.0 MiB 0/ }));
  await seen(list.getByRole("row", { name: /Mina Vox signed by mina-studio personality 1\.1\.0 installed — — 0/ }));
  await seen(list.getByRole("row", { name: /Lower third shipped overlay 1\.0\.0 on air.* 51 µs 2\.0 MiB 3/ }));
  await seen(heading("Dusty Gavel"));
  await seen(page.getByText("Nothing is in shadow."));
  await accessible("nothing in shadow, dark");
  await shot("plugins-none");
});

await step("says what is backing off, and what is empty", async () => {
  await tell("overlay backs off");
  await seen(list.getByRole("row", { name: /Lower third .* backing off 00:\d\d/ }));
  await tell("overlay empty");
  await seen(list.getByRole("row", { name: /nothing overlay empty/ }));
});

await step("says what cannot be read, and goes on when it can", async () => {
  await tell("plugins unreadable");
  await page.reload();
  const fault = page.getByRole("alert").filter({ has: button("Try again") });
  await seen(fault);
  await accessible("nothing can be read");
  await shot("plugins-unreadable");
  await Promise.all([page.waitForRequest("**/api/v1/plugins"), press("Try again")]);
  await tell("plugins readable"); // asked again by itself soon
  await seen(list);
  foreseen(/status of 500/);
});

await step("chooses by keyboard", async () => {
  await list.getByRole("button", { name: "Dusty Gavel" }).focus();
  await page.keyboard.press("ArrowDown");
  await seen(heading("Mina Vox"));
  await seen(list.getByRole("button", { name: "Mina Vox", pressed: true }));
  assert.match(page.url(), /plugin=mina-vox/);
});

await step("grants a power and takes it back, and the other way round", async () => {
  const reply = powers.getByRole("row", { name: /^reply/ });
  await seen(reply.filter({ hasText: "answers questions on X" }).filter({ hasText: "not granted" }));
  await press("Grant reply");
  await says("reply granted to Mina Vox.");
  await seen(reply.getByText("by owner"));
  await page.keyboard.press("u"); // the way back
  await says("reply revoked.");
  await seen(reply.getByText("not granted"));
  await press("Revoke say");
  await says("say revoked from Mina Vox.");
  await seen(powers.getByRole("row", { name: /^say/ }).getByText("not granted"));
  await page.getByRole("status").getByRole("button", { name: "Undo" }).last().click();
  await says("say granted again.");
  await seen(powers.getByRole("row", { name: /^say/ }).getByText("granted", { exact: true }));
  assert((await tell("facts")).includes("owner took say from mina-vox"), "what a person does is a fact");
});

await step("loads a shadow and sets it beside the one on air, live", async () => {
  await press("Load as shadow");
  await says("Mina Vox 1.1.0 hears the show as shadow.");
  await seen(page.getByText("shadow · hears all, says nothing on air"));
  await seen(diff.getByRole("row").filter({ hasText: "2.40 from @maria! Who tops it?" }).filter({ hasText: "needs reply" }));
  await seen(button("same 288"));
  await tell("compare");
  await seen(button("same 289"));
  await seen(diff.getByRole("row").filter({ hasText: "out of fuel" }));
  await seen(powers.getByRole("row", { name: /^mood .*131 would-be granted/ }));
});

await step("has no axe violation in either theme", async () => {
  await quiet();
  await accessible("shadow, dark");
  await shot("plugins");
  await theme("light");
  await accessible("shadow, light");
  await shot("plugins-light");
  await theme("dark");
});

await step("shows rows of one kind alone, and all facts of one", async () => {
  await press("silent where live spoke 13");
  await eventually("heads and one row", async () => (await diff.getByRole("row").count()) === 2);
  await press("silent where live spoke 13");
  await diff.getByRole("button", { name: "bid 2.45 ETH @maria" }).click();
  await seen(page.getByRole("dialog"));
  await page.keyboard.press("Escape");
});

await step("gives the comparison to keep", async () => {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Diff .md" }).click()]);
  assert.equal(file.suggestedFilename(), "shadow-personality.md");
});

await step("asks before what cannot be taken back", async () => {
  await press("Drop shadow…");
  const dialog = page.getByRole("dialog", { name: "End the shadow of Mina Vox 1.1.0?" });
  await seen(dialog);
  await accessible("a question", "dialog[open]");
  await shot("plugins-question");
  await page.keyboard.press("Enter"); // the way out has the focus
  await dialog.waitFor({ state: "detached" });
  await seen(button("same 289"));
  assert.equal(await focused(), "Drop shadow…"); // and goes back to where it was
});

await step("does not do to one plugin what was meant for another", async () => {
  await press("Drop shadow…");
  const dialog = page.getByRole("dialog", { name: "End the shadow of Mina Vox 1.1.0?" });
  await elsewhere("PUT", "/api/v1/plugins/shadow", { plugin: "dusty-gavel" });
  await dialog.getByRole("button", { name: "End it" }).click();
  await says("mina-vox@1.1.0 was meant and dusty-gavel@0.3.0 is in its place by now; nothing was done");
  await elsewhere("PUT", "/api/v1/plugins/shadow", { plugin: "mina-vox" });
  await tell("compare");
  await seen(button("Drop shadow…"));
});

await step("leads past hundreds of events by one stop of the Tab key, and arrows go from one to the next", async () => {
  const causes = diff.getByRole("button");
  const stops = diff.locator("button[tabindex='0']");
  await eventually("rows, and one stop", async () => (await causes.count()) > 3 && (await stops.count()) === 1);
  await causes.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), await causes.nth(2).innerText());
  assert.equal(await stops.count(), 1);
});

await step("keeps the focus of who works by keys, also when what was pressed goes", async () => {
  await powers.getByRole("button", { name: "Revoke say" }).press("Enter");
  await says("say revoked from Mina Vox.");
  await eventually("the button that takes it back has the focus", async () => (await focused()) === "Grant");
  await page.keyboard.press("Enter");
  await says("say granted to Mina Vox.");
  await button("Promote at a quiet moment").press("Enter");
  await seen(button("Call off"));
  await eventually("the plugin has the focus", () => page.evaluate(() => document.activeElement.matches("[data-chosen]")));
  await press("Call off");
  await seen(button("Promote at a quiet moment"));
});

await step("promotes at a quiet moment, or calls it off", async () => {
  await press("Promote at a quiet moment");
  await seen(page.getByText(/Waits for a quiet moment, 0[12]:\d\d at most/));
  await press("Call off");
  await seen(button("Promote at a quiet moment"));
});

await step("promotes, and takes it back at once", async () => {
  await press("Promote now");
  await says("Mina Vox 1.1.0 is on air; the slot was empty for 42 µs.");
  await seen(list.getByRole("row", { name: /Mina Vox .* on air/ }));
  await page.keyboard.press("u");
  await says("Taken back.");
  await seen(list.getByRole("row", { name: /Dusty Gavel .* on air/ }));
});

await step("swaps in, and rolls back by the history", async () => {
  await list.getByRole("button", { name: "Mina Vox" }).click();
  await press("Swap in now");
  await says("Mina Vox 1.1.0 is on air");
  const turns = page.getByRole("region", { name: "Turns on air, newest first" });
  await seen(turns.getByRole("listitem").first().filter({ hasText: "Mina Vox" }));
  await turns.getByRole("button", { name: "Roll back" }).click();
  await says("dusty-gavel 0.3.0 is back on air.");
  await seen(turns.getByRole("listitem").first().filter({ hasText: "Dusty Gavel" }));
  await press("Why Dusty Gavel 0.2.8 was reverted");
  await seen(page.getByRole("dialog").getByRole("cell", { name: "show.started" }));
  await page.keyboard.press("Escape");
});

await step("plays an event in quarantine again", async () => {
  await page.getByRole("tab", { name: "Shadow diff" }).focus();
  await page.keyboard.press("ArrowRight");
  await seen(page.getByText("dusty-gavel 0.2.8 failed: unreachable"));
  await accessible("quarantine");
  await shot("plugins-quarantine");
  await press("Play again… event 7");
  await page.getByRole("dialog").getByRole("button", { name: "Play again" }).click();
  await says("Event 7 went well: 2 commands.");
  await seen(page.getByText("No event is in quarantine"));
});

await step("shows what a plugin wrote and what it says of itself", async () => {
  await page.getByRole("tab", { name: "Log" }).click();
  await seen(page.getByRole("list", { name: "Log, newest first" }).getByText("cooling down"));
  await accessible("log");
  await page.getByRole("tab", { name: "About" }).click();
  await seen(page.getByText("60,000,000 fuel, 48 MiB, 16 commands"));
  await accessible("about");
  await shot("plugins-about");
});

const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
const chooser = page.getByLabel("Package and signature");

await step("installs a signed package into shadow", async () => {
  await press("Install…");
  const dialog = page.getByRole("dialog", { name: "Install a plugin" });
  await seen(dialog.getByText("Drop a package here"));
  await chooser.setInputFiles(file("notes.txt", "x"));
  await seen(dialog.getByRole("alert").filter({ hasText: "A package ends in .sbx" }));
  await chooser.setInputFiles(file("bad-1.0.0.sbx", "PK"));
  await seen(dialog.getByRole("alert").filter({ hasText: "it is no zip archive" }));
  await accessible("a damaged package", "dialog[open]");
  await shot("install-damaged");
  await chooser.setInputFiles([file("night-moth-1.1.0.sbx", "night-moth signed 1.1.0"), file("night-moth-1.1.0.sbx.minisig", "untrusted comment")]);
  await seen(dialog.getByText("signed by ann, trusted here"));
  await seen(dialog.getByRole("listitem").filter({ hasText: "talks about the weather" }).filter({ hasText: "not until you grant it" }));
  await accessible("a signed package", "dialog[open]");
  await shot("install");
  await dialog.getByRole("button", { name: "Install, load as shadow" }).click();
  await says("Night Moth 1.1.0 hears the show as shadow.");
  await seen(list.getByRole("row", { name: /Night Moth signed by ann .* shadow/ }));
  assert((await tell("facts")).includes("owner installed night-moth@1.1.0"), "an act");
});

await step("installs from an address, with the same look", async () => {
  await press("Install…");
  const dialog = page.getByRole("dialog", { name: "Install a plugin" });
  const address = dialog.getByLabel("Or from an address");
  await address.fill("https://10.0.0.7/night-moth:1.3.0");
  await accessible("an address, dark", "dialog[open]");
  await dialog.getByRole("button", { name: "Look at it" }).click();
  await seen(dialog.getByRole("alert").filter({ hasText: "10.0.0.7 is no public address" }));
  await shot("install-address");
  await address.fill("oci://registry.example/ann/night-moth:1.3.0");
  await address.press("Enter");
  await seen(dialog.getByText("signed by ann, trusted here"));
  await seen(dialog.getByText("oci://registry.example/ann/night-moth:1.3.0"));
  await accessible("a package from an address, dark", "dialog[open]");
  await shot("install-address-report");
  await page.keyboard.press("Escape");
  await theme("light");
  await press("Install…");
  await accessible("an address, light", "dialog[open]");
  await shot("install-address-light");
  await address.fill("oci://registry.example/ann/night-moth:1.3.0");
  await address.press("Enter");
  await seen(dialog.getByText("signed by ann, trusted here"));
  await accessible("a package from an address, light", "dialog[open]");
  await tell("forget packages"); // as after a while: it is looked at once more, and installed
  await dialog.getByRole("button", { name: "Install only" }).click();
  await says("Night Moth 1.3.0 is installed.");
  assert((await tell("facts")).includes("owner installed night-moth@1.3.0"), "an act");
  await theme("dark");
  await press("Remove…");
  await page.getByRole("dialog", { name: "Remove Night Moth 1.3.0?" }).getByRole("button", { name: "Remove" }).click();
  await says("Night Moth 1.3.0 is gone.");
});

await step("replays a past show to a plugin, or stops half way", async () => {
  await list.getByRole("button", { name: "Mina Vox" }).click();
  await press("Replay a session…");
  const dialog = page.getByRole("dialog", { name: "Replay a session to Mina Vox 1.1.0" });
  await seen(dialog.getByRole("radio", { name: /Summer Series · Day 15 on air now/, checked: true }));
  assert.equal(await dialog.getByRole("radio", { name: /cut\.sbrec/ }).isDisabled(), true);
  await accessible("sessions, dark", "dialog[open]");
  await shot("replay-sessions");
  await dialog.getByRole("radio", { name: /Day 14/ }).check();
  await dialog.getByLabel("Compare with").selectOption("mina-vox@1.0.0");
  await tell("replays take 1h");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await seen(dialog.getByText("7,300 of 18,402 events"));
  await accessible("a replay that runs", "dialog[open]");
  await shot("replay-running");
  await dialog.getByRole("button", { name: "Stop" }).click();
  await seen(dialog.getByRole("radio", { name: /Day 14/, checked: true }));
  await eventually("nothing runs", async () => (await tell("replay runs")) === "false");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await seen(dialog.getByText("7,300 of 18,402 events"));
  await page.keyboard.press("Escape"); // closing ends it, too
  await eventually("nothing runs", async () => (await tell("replay runs")) === "false");

  await tell("replays take 0s");
  await press("Replay a session…");
  await dialog.getByRole("checkbox", { name: /^Resync/ }).check();
  await dialog.getByRole("button", { name: "Replay" }).click();
  const bids = dialog.getByRole("region", { name: "bid.accepted different line 83×" });
  await seen(bids.getByRole("row").filter({ hasText: "Who tops it?" }).filter({ hasText: "Maria, darling. 2.40." }));
  await seen(dialog.getByText("failed: out of fuel"));
  await accessible("a comparison, dark", "dialog[open]");
  await shot("replay");
  const [saved] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("link", { name: "Comparison .md" }).click()]);
  assert.equal(saved.suggestedFilename(), "replay-k3v9xq2m7a.md");
  await dialog.getByRole("button", { name: "Another session" }).click();
  await seen(dialog.getByRole("radio", { name: /Day 15/, checked: true }));
  await page.keyboard.press("Escape");

  await theme("light");
  await press("Replay a session…");
  await seen(dialog.getByRole("radio", { name: /Day 15/, checked: true }));
  await accessible("sessions, light", "dialog[open]");
  await shot("replay-sessions-light");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await seen(bids);
  await accessible("a comparison, light", "dialog[open]");
  await shot("replay-light");
  await page.keyboard.press("Escape");
  await theme("dark");

  await press("Replay a session…");
  await dialog.getByRole("radio", { name: /friday/ }).check();
  await dialog.getByRole("button", { name: "Replay" }).click();
  await seen(dialog.getByRole("alert").filter({ hasText: "load mina-vox: out of fuel while it started" }));
  await shot("replay-wrong");
  await page.keyboard.press("Escape");
  await list.getByRole("button", { name: "House rules" }).click();
  await press("Replay a session…");
  const rules = page.getByRole("dialog", { name: "Replay a session to House rules 1.0.0" });
  await seen(rules.getByText("Slot scene rules was empty.").first());
  assert.equal(await rules.getByRole("button", { name: "Replay" }).isDisabled(), true);
  await accessible("nothing to replay", "dialog[open]");
  await page.keyboard.press("Escape");
  assert(!(await tell("facts")).includes("replay"), "no act: plugins would hear of it");
});

await step("refuses what nobody has signed, unless the admin says so", async () => {
  // Dropped on the page, as from a folder.
  const data = await page.evaluateHandle(() => {
    const t = new DataTransfer();
    t.items.add(new File(["night-moth altered 1.2.0"], "night-moth-1.2.0.sbx"));
    t.items.add(new File(["untrusted comment"], "night-moth-1.2.0.sbx.minisig"));
    return t;
  });
  await page.locator("main").dispatchEvent("drop", { dataTransfer: data });
  const dialog = page.getByRole("dialog", { name: "Install a plugin" });
  await seen(dialog.getByText("is not what key 3B5F1C2D4E6A7B8C has signed"));
  assert.equal(await dialog.getByRole("button", { name: "Install anyway, load as shadow" }).isDisabled(), true);
  await accessible("a package that is refused", "dialog[open]");
  await shot("install-refused");
  await dialog.getByRole("checkbox", { name: /Load it anyway/ }).check();
  await seen(dialog.getByText("Night Moth 1.1.0 is in shadow now"));
  await dialog.getByRole("button", { name: "Install only" }).click();
  await says("Night Moth 1.2.0 is installed.");
  assert((await tell("facts")).includes("owner installed night-moth@1.2.0 although: altered package"), "an act, with the reason");
});

await step("loads nothing that was called off while it was installed", async () => {
  let go;
  const gate = new Promise((open) => (go = open));
  await page.route("**/api/v1/packages/inspected/**", async (route) => (await gate, route.continue()));
  await press("Install…");
  await chooser.setInputFiles([file("night-moth-1.4.0.sbx", "night-moth signed 1.4.0"), file("night-moth-1.4.0.sbx.minisig", "untrusted comment")]);
  const dialog = page.getByRole("dialog", { name: "Install a plugin" });
  await dialog.getByRole("button", { name: "Install, load as shadow" }).click();
  await seen(dialog.getByText("Installing…"));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await press("New character"); // another dialog, which stays
  go();
  await says("It was too late to cancel: Night Moth 1.4.0 is installed. It is not loaded.");
  await seen(page.getByRole("dialog", { name: "New character" }));
  await page.keyboard.press("Escape");
  await page.unroute("**/api/v1/packages/inspected/**");
  assert(!(await tell("facts")).includes("put night-moth@1.4.0 in shadow"), "nothing is loaded");
  await elsewhere("DELETE", "/api/v1/packages/night-moth@1.4.0");
});

await step("removes what is installed and in no slot", async () => {
  await seen(heading(/^Night Moth/));
  await press("Remove…");
  await page.getByRole("dialog", { name: "Remove Night Moth 1.2.0?" }).getByRole("button", { name: "Remove" }).click();
  await says("Night Moth 1.2.0 is gone.");
  await eventually("one version is left", async () => (await list.getByRole("row", { name: /Night Moth/ }).count()) === 1);
});

await step("begins a character, and says loudly that it is in development", async () => {
  await press("New character");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Id/).fill("dusty-gavel");
  await dialog.getByLabel(/^Plays/).selectOption("mina");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Begin it" }).click();
  await seen(dialog.getByRole("alert").filter({ hasText: "choose another id" }));
  await accessible("a new character", "dialog[open]");
  await shot("new-character");
  await dialog.getByLabel(/^Id/).fill("day-moth");
  await dialog.getByLabel(/^Id/).press("Enter");
  await seen(dialog.getByText("sothebais dev /srv/show/data/plugins/day-moth --data-dir /srv/show/data"));
  await accessible("a begun character", "dialog[open]");
  await shot("new-character-made");
  await dialog.getByRole("button", { name: "Load as shadow" }).click();
  await seen(page.getByRole("complementary", { name: "Plugins in development" }).getByText("Day Moth 0.1.0 in shadow"));
});

await step("previews what is being written", async () => {
  await page.getByRole("link", { name: "Preview", exact: true }).click();
  await seen(page.getByText("Nobody writes a plugin just now"));
  await tell("dev saved");
  await seen(page.getByText("Reacted 87 ms after you saved"));
  await seen(page.getByRole("region", { name: "What it asked for" }).getByText("gesture wave"));
  await accessible("preview");
  await shot("preview");
  await tell("dev broken");
  await seen(page.getByRole("region", { name: "What is wrong" }).getByText("personality.yaml:27"));
  await accessible("preview of a broken one", "[aria-label='What is wrong']");
  await shot("preview-broken");
  await theme("light");
  await accessible("preview, light");
  await shot("preview-light");
  await theme("dark");
  await page.goBack();
});

await step("says what a version asks for beyond what was granted, and grants it", async () => {
  await list.getByRole("button", { name: "Dusty Gavel" }).click();
  await tell("reply asks for more");
  const reply = powers.getByRole("row", { name: /^reply/ });
  await seen(reply.getByText("asks for more than was granted: 120 a minute"));
  await seen(reply.getByText("when it was granted: “answers questions”"));
  await accessible("a power of which more is asked for", "table[aria-label='Capabilities']");
  await shot("plugins-more");
  await press("Grant the rest of reply");
  await says("reply granted to Dusty Gavel.");
  await reply.getByText("asks for more").waitFor({ state: "detached" });
});

await step("asks each time, and hears yes and no on every page", async () => {
  await list.getByRole("button", { name: "Dusty Gavel" }).click();
  await press("Ask me each time about reply");
  await seen(powers.getByRole("row", { name: /^reply/ }).getByText("ask me each time"));
  await tell("consult reply One of one, @tomtom. Like me.");
  const asks = page.getByRole("region", { name: "Plugins ask" });
  const card = asks.getByRole("article", { name: "dusty-gavel wants to reply" });
  await seen(card.getByText("One of one, @tomtom. Like me."));
  await seen(card.getByText("In answer to @tomtom: “is it rare?” post 1947"));
  await seen(card.getByText("denied in"));
  await accessible("a plugin asks", "section[aria-label='Plugins ask']");
  await shot("consent");
  await card.getByRole("button", { name: "Allow once" }).click();
  await says("dusty-gavel may use reply this time.");
  await page.getByRole("link", { name: "Live" }).click();
  await tell("consult reply And again.");
  await seen(card.getByText("And again."));
  await shot("consent-live");
  await page.locator("body").press("n");
  await says("dusty-gavel may not use reply this time.");
  await tell("consult http " + "one word after another ".repeat(1000) + "to the last");
  const fetches = asks.getByRole("article", { name: "dusty-gavel wants to fetch" });
  await seen(fetches.getByText("In answer to post 4000000000000000001, which this show has not read."));
  assert(await fetches.getByRole("group", { name: "What it wants to do" }).innerText().then((t) => /request\s+one word.*to the last\s+body\s+nothing/s.test(t)), "all that is sent is there");
  await seen(fetches.getByText(/^23\d\d\d characters; scroll to read all of them\.$/));
  const box = await fetches.boundingBox();
  assert(box.y >= 0, "the card fits the page");
  await accessible("a long request", "section[aria-label='Plugins ask']");
  await fetches.getByRole("button", { name: "Refuse" }).click();
  await says("dusty-gavel may not use http this time.");
  await asks.waitFor({ state: "detached" });
  const facts = await tell("facts");
  assert(/owner allowed reply once for dusty-gavel: One of one, @tomtom/.test(facts) && /owner refused reply once for dusty-gavel: And again/.test(facts), "decisions are acts");
  await page.goBack();
});

await step("has room for long words", async () => {
  await tell("mina is verbose");
  await page.reload();
  await list.getByRole("button", { name: "Mina Vox" }).click();
  await seen(heading(/^Mina Vox/));
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(size);
    await quiet();
    const out = await page.evaluate(() =>
      [...document.querySelectorAll("table")].filter((t) => t.getBoundingClientRect().right > t.closest("section").getBoundingClientRect().right + 1).map((t) => t.ariaLabel));
    assert.deepEqual(out, [], `tables that leave their panel at ${size.width}`);
  }
  await shot("plugins-verbose-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
  await shot("plugins-verbose");
});

await step("fits a phone", async () => {
  await list.getByRole("button", { name: "Mina Vox" }).click();
  await press("Load as shadow…");
  await page.getByRole("dialog").getByRole("button", { name: "Replace" }).click();
  await page.getByRole("tab", { name: "Shadow diff" }).click();
  await seen(button("same 288"));
  await tell("compare");
  await seen(button("same 289"));
  await page.setViewportSize({ width: 390, height: 844 });
  await quiet();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(wide <= 0, `${wide} px too wide`);
  await accessible("phone");
  await page.evaluate(() => scrollTo(0, 0));
  await shot("plugins-phone");
  await list.getByRole("button", { name: "Mina Vox" }).click();
  await eventually("the chosen one is in sight", () => page.evaluate(() => Math.abs(document.querySelector("[data-chosen]").getBoundingClientRect().top - 64) < 8));
  await shot("plugins-phone-chosen");
  await diff.evaluate((e) => e.scrollIntoView());
  await shot("plugins-phone-diff");
});

await end();
