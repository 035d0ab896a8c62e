// Drives the control room in Chromium against the real server over a show in memory (browser_test.go starts both).
// What the show is to do is written to stdout, a line at a time; each line is answered on stdin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { BASE, PASSWORD, LOGIN, SHOTS } = process.env;
assert(BASE && PASSWORD, "started by hand? Run: go test ./host/admin -run Chromium");

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async (line) => {
  console.log(line);
  return (await answers.next()).value;
};
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: false });
const page = await context.newPage();
const faults = [];
page.on("pageerror", (e) => faults.push(e.message));
page.on("console", (m) => {
  if (m.type() === "error" && !/401|status of 4\d\d/.test(m.text())) faults.push(m.text());
});

const steps = [];
const step = async (name, run) => {
  const began = performance.now();
  try {
    await run();
  } catch (err) {
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/failed.png` });
    console.error(`✗ ${name}`);
    throw err;
  }
  steps.push(name);
  console.log(`# ✓ ${name} (${Math.round(performance.now() - began)} ms)`);
};
const shot = (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });
const seen = (locator, ms = 5000) => locator.first().waitFor({ state: "visible", timeout: ms });
const eventually = async (what, check, ms = 6000) => {
  for (const end = Date.now() + ms; ; await page.waitForTimeout(50)) {
    const got = await check();
    if (got) return got;
    assert(Date.now() < end, `never: ${what}`);
  }
};

/** Fails on any violation that axe finds, in the theme that is on. */
const accessible = async (where) => {
  await page.waitForTimeout(400); // colours that are still moving would be judged half way
  await page.evaluate(axe); // by the debugger, so that the page's policy stands
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const words = violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 4).map((n) => n.target.join(" ")).join(" | ")}`);
  assert.deepEqual(words, [], `axe on ${where}`);
};
const theme = (name) => page.getByRole("button", { name: `Use the ${name} theme` }).click();

await step("asks for a login", async () => {
  await page.goto(BASE);
  await seen(page.getByLabel("Password"));
  await accessible("login");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Enter" }).click();
  await seen(page.getByRole("alert").filter({ hasText: "wrong" }));
  await shot("login");
});

await step("logs in and shows the lot", async () => {
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Enter" }).click();
  await seen(page.getByText("Nocturne for a Dial-up Modem"));
  await seen(page.getByText("starting price, no bid yet"));
});

await step("plays the programme, and its sound when asked", async () => {
  const video = page.getByLabel("Program, live");
  await eventually("the picture moves", () => video.evaluate((v) => v.currentTime > 0.5 && v.videoWidth === 1280), 15_000);
  const behind = await eventually("near the live edge", () => video.evaluate((v) => {
    const b = v.buffered.length ? v.buffered.end(v.buffered.length - 1) - v.currentTime : 9;
    return b < 1 ? String(b) : "";
  }));
  console.log(`# picture ${Number(behind).toFixed(2)} s behind`);
  assert.equal(await video.evaluate((v) => v.muted), true);
  await page.getByRole("button", { name: "Turn the sound on" }).click();
  await eventually("sound is decoded", () => video.evaluate((v) => !v.muted && v.webkitAudioDecodedByteCount > 0));
  await page.keyboard.press("m");
  assert.equal(await video.evaluate((v) => v.muted), true);
});

await step("shows bids as they come, and what followed", async () => {
  await tell("crowd");
  const bids = page.getByRole("region", { name: "Bids, newest first" });
  await seen(bids.getByRole("row", { name: /@maria 2\.4 leading/ }));
  await seen(bids.getByRole("row", { name: /@blockbob 1\.81 too low/ }));
  await seen(bids.getByRole("row", { name: /@gaslight 2\.05 outbid/ }));
  const story = page.getByRole("list", { name: /Causes/ });
  const line = await story.getByRole("listitem").filter({ hasText: "Who tops it?" }).innerText();
  assert.match(line.replace(/\s+/g, " "), /@maria bid 2\.4 ETH.*\+\d+ ms.*bid 2\.4 ✓ → “2\.4 from @maria! Who tops it\?” → frame 134,\d+ → replied/);
  await seen(page.getByText("2.52 ETH"));
  await shot("live");
  const t = Date.now();
  const wait = seen(bids.getByRole("row", { name: /@late 3 leading/ }));
  await tell("bid late 3");
  await wait;
  console.log(`# bid on the page within ${Date.now() - t} ms`);
});

await step("has no axe violation in either theme", async () => {
  await accessible("live, dark");
  await theme("light");
  await accessible("live, light");
  await shot("light");
  await theme("dark");
});

await step("swaps the personality", async () => {
  await page.getByLabel("Personality").selectOption("mina-vox");
  await page.getByRole("button", { name: "Swap", exact: true }).click();
  await seen(page.getByRole("status").filter({ hasText: "mina-vox is on stage" }));
  await seen(page.getByText("42 µs"));
  await seen(page.getByRole("list", { name: "Plugins on air" }).getByText("Mina Vox"));
  await seen(page.getByRole("list", { name: /Causes/ }).getByText(/dusty-gavel → mina-vox, slot empty for 42 µs/));
});

await step("steers by keyboard", async () => {
  await page.locator("body").click({ position: { x: 5, y: 400 } });
  await page.keyboard.press("/");
  await page.keyboard.type("Good evening.");
  await page.keyboard.press("Enter");
  await seen(page.getByText("“Good evening.”"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("6");
  await seen(page.getByRole("button", { name: /Break/, pressed: true }));
  await page.getByRole("button", { name: "Tense" }).click();
  await seen(page.getByRole("button", { name: "Tense", pressed: true }));
  await page.keyboard.press("p");
  await seen(page.getByText("Bids on hold").first());
  await page.keyboard.press("p");
  await seen(page.getByText("Open", { exact: true }));
  await page.keyboard.press("+");
  await seen(page.getByText("Open · extended ×1"));
});

await step("stays smooth in a flood", async () => {
  const rate = page.evaluate(() => new Promise((done) => {
    let frames = 0;
    let longest = 0;
    let last = performance.now();
    const end = last + 2500;
    const on = (now) => {
      longest = Math.max(longest, now - last);
      last = now;
      frames++;
      if (now < end) requestAnimationFrame(on);
      else done({ fps: Math.round(frames / 2.5), longest: Math.round(longest) });
    };
    requestAnimationFrame(on);
  }));
  await tell("burst 1300"); // three facts each, at more than 2,000 a second
  await seen(page.getByRole("row", { name: /@bot49 0\.1 too low/ }), 8000);
  const { fps, longest } = await rate;
  console.log(`# flood: ${fps} frames a second, longest ${longest} ms`);
  assert(fps >= 15, `${fps} frames a second`);
  assert((await page.getByRole("row").count()) <= 81, "the list of bids is bounded");
  await seen(page.getByRole("row", { name: /@late 3 leading/ }));
});

await step("hammers only when the button is held", async () => {
  const hammer = page.getByRole("button", { name: "Hammer · hold" });
  assert.equal(await hammer.getAttribute("title"), "Hold for a second: Close lot 4 now at 3 ETH for @late");
  await hammer.click();
  await page.waitForTimeout(300);
  assert(!(await tell("acts")).includes("hammered"), "a click is not enough");
  await hammer.focus();
  await page.keyboard.down("Enter");
  await page.waitForTimeout(1300);
  await page.keyboard.up("Enter");
  await seen(page.getByText("Sold", { exact: true }));
  assert((await tell("acts")).includes("owner hammered the lot"));
});

await step("fits a tablet", async () => {
  await page.setViewportSize({ width: 800, height: 1180 });
  await page.waitForTimeout(200);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(wide <= 0, `${wide} px too wide`);
  await shot("tablet");
  await page.setViewportSize({ width: 1440, height: 900 });
});

await step("logs out, and in by the link, once", async () => {
  await page.getByRole("button", { name: "Log out" }).click();
  await seen(page.getByLabel("Password"));
  await page.goto(BASE + LOGIN);
  await seen(page.getByText("Nocturne for a Dial-up Modem"));
  assert.equal(new URL(page.url()).search, "", "the token stays out of the address");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.goto(BASE + LOGIN);
  await seen(page.getByText("That link was used already"));
});

await step("shows the lot to everyone, without JavaScript too", async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const reader = await plain.newPage();
  await reader.goto(BASE + "/lot");
  assert.equal(await reader.locator("#price").innerText(), "3");
  await plain.close();
  await page.goto(BASE + "/lot");
  await seen(page.locator("#on.live"));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await accessible(`lot page, ${colorScheme}`);
    await shot(`lot-${colorScheme}`);
  }
  await page.goto(BASE + "/docs");
  await accessible("docs");
});

assert.deepEqual(faults, [], "the page complained");
console.log(`# ${steps.length} steps passed`);
await browser.close();
process.exit(0);
