// State in the form that the examples share in every language: lines of a key, a blank and a value.

/**
 * Writes the entries behind the line that names the plugin.
 * @param {string} name
 * @param {[key: string, value: unknown][]} entries
 */
export function write(name, entries) {
  return [`${name} 1`, ...entries.map(([key, value]) => `${key} ${value}`)].map((line) => line + "\n").join("");
}

/**
 * Gives each line to take, which says whether it is one of its own.
 * @param {string} name
 * @param {string} text
 * @param {(key: string, value: string) => boolean} take
 */
export function read(name, text, take) {
  const lines = text.split("\n");
  const end = lines.pop();
  /** @param {number} i */
  const wrong = (i) => new StateError(`line ${i + 1} is not of a state of ${name} 1`);
  if (lines[0] !== `${name} 1`) throw wrong(0);
  for (let i = 1; i < lines.length; i++) {
    const blank = lines[i].indexOf(" ");
    if (blank < 0 || !take(lines[i].slice(0, blank), lines[i].slice(blank + 1))) throw wrong(i);
  }
  if (end !== "") throw wrong(lines.length);
}

/** A state that is refused; the host shows its words. */
class StateError {
  /** @param {string} words */
  constructor(words) {
    this.words = words;
  }
  toString() {
    return this.words;
  }
}

/** @param {string} s */
export const isNumber = (s) => /^[0-9]{1,18}$/.test(s);
/** @param {string} s */
export const isFlag = (s) => s === "0" || s === "1";
/** @param {boolean} on */
export const flag = (on) => (on ? 1 : 0);

/** Text on one line. @param {string} s */
export const clean = (s) => s.replaceAll("\n", " ");
