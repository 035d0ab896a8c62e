// Writes a .br and a .gz beside every text file of the build, so that the server never compresses anything itself.
// Also brings back .keep, which lets the folder be embedded before the first build.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = "dist";
const least = 1024; // below this a header costs more than it saves

for (const name of readdirSync(root, { recursive: true }).map(String)) {
  const file = join(root, name);
  if (!/\.(html|js|css|svg|json)$/.test(name) || statSync(file).size < least) continue;
  const text = readFileSync(file);
  writeFileSync(file + ".br", brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(file + ".gz", gzipSync(text, { level: 9 }));
}
writeFileSync(join(root, ".keep"), "");
