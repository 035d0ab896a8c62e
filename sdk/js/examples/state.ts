// State in the form that the examples share in every language: lines of a key, a blank and a value.

/** Writes the entries behind the line that names the plugin. */
export function write(name: string, entries: [key: string, value: unknown][]): string {
  return [`${name} 1`, ...entries.map(([key, value]) => `${key} ${value}`)].map((line) => line + "\n").join("");
}

/** Gives each line to take, which says whether it is one of its own. */
export function read(name: string, text: string, take: (key: string, value: string) => boolean): void {
  const lines = text.split("\n");
  const end = lines.pop();
  const wrong = (i: number) => new StateError(`line ${i + 1} is not of a state of ${name} 1`);
  if (lines[0] !== `${name} 1`) throw wrong(0);
  for (let i = 1; i < lines.length; i++) {
    const blank = lines[i].indexOf(" ");
    if (blank < 0 || !take(lines[i].slice(0, blank), lines[i].slice(blank + 1))) throw wrong(i);
  }
  if (end !== "") throw wrong(lines.length);
}

/** A state that is refused; the host shows its words. */
class StateError {
  constructor(private words: string) {}
  toString() {
    return this.words;
  }
}

export const isNumber = (s: string) => /^[0-9]{1,18}$/.test(s);
export const isFlag = (s: string) => s === "0" || s === "1";
export const flag = (on: boolean) => (on ? 1 : 0);

/** Text on one line. */
export const clean = (s: string) => s.replaceAll("\n", " ");
