// A browser on the control room and the real server over a show in memory (browser_test.go starts both), for the scripts beside this.
// What the show is to do is written to stdout, a line at a time; each line is answered on stdin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const { BASE, PASSWORD, SHOTS } = process.env;
assert(BASE && PASSWORD, "started by hand? Run: go test ./host/admin -run Chromium");

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
export const tell = async (line) => {
  console.log(line);
  return (await answers.next()).value;
};
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
export const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: false });
export const page = await context.newPage();
const faults = [];
page.on("pageerror", (e) => faults.push(e.message));
page.on("console", (m) => {
  if (m.type() === "error" && !/401|status of 4\d\d/.test(m.text())) faults.push(m.text());
});

/** Takes complaints back that a step provoked; there must be some. */
export const foreseen = (pattern) => {
  const rest = faults.filter((f) => !pattern.test(f));
  assert(rest.length < faults.length, `no complaint like ${pattern}`);
  faults.splice(0, faults.length, ...rest);
};

const steps = [];
const within = (ms, what, promise) => {
  let timer;
  const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error(`${what}: not within ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
export const step = async (name, run) => {
  const began = performance.now();
  try {
    await within(60_000, name, run());
  } catch (err) {
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/failed.png` });
    console.error(`✗ ${name}`);
    throw err;
  }
  steps.push(name);
  console.log(`# ✓ ${name} (${Math.round(performance.now() - began)} ms)`);
};
export const shot = (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });
export const seen = (locator, ms = 15_000) => locator.first().waitFor({ state: "visible", timeout: ms });
export const eventually = async (what, check, ms = 20_000) => {
  for (const end = Date.now() + ms; ; await page.waitForTimeout(50)) {
    const got = await check();
    if (got) return got;
    assert(Date.now() < end, `never: ${what}`);
  }
};

/** Fails on any violation that axe finds, in the theme that is on; within is the one part that is new since the last time. */
export const accessible = async (where, within = "html") => {
  await page.emulateMedia({ reducedMotion: "reduce" }); // colours that are still moving would be judged half way
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe); // by the debugger, so that the page's policy stands
  const { violations } = await page.evaluate((sel) => globalThis.axe.run(sel, { resultTypes: ["violations"] }), within);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  const words = violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 4).map((n) => n.target.join(" ")).join(" | ")}`);
  assert.deepEqual(words, [], `axe on ${where}`);
};
export const theme = (name) => page.getByRole("button", { name: `Use the ${name} theme` }).click();

/** Ends the browser; a page that complained fails. */
export const end = async () => {
  assert.deepEqual(faults, [], "the page complained");
  console.log(`# ${steps.length} steps passed`);
  await browser.close();
  process.exit(0);
};
