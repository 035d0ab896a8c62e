// Texts that are longer than one may be: cut between characters, and without the cost of what is cut away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function compile(source) {
  const folder = mkdtempSync(join(tmpdir(), "texts-"));
  try {
    const out = join(folder, "plugin.wasm");
    execFileSync("node", ["node_modules/assemblyscript/bin/asc.js", source, "--target", "release", "--outFile", out], { cwd: root });
    return new WebAssembly.Module(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a long text is cut, and takes no room", () => {
  const module = compile("test/long.ts");
  for (const [text, want] of [
    ["x".repeat(500_000), 8192],
    ["é".repeat(9000), 8192],
    ["鳥".repeat(9000), 8190],
    ["🦊".repeat(9000), 8192],
    ["x" + "🦊".repeat(9000), 8189],
    ["x".repeat(8192) + "🦊", 8192],
    ["x".repeat(8191) + "é", 8191],
  ]) {
    const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: { fd_write: () => 52 } });
    exports._initialize();
    const config = Buffer.from(text), batch = Buffer.alloc(32);
    batch.writeUInt32LE(1, 0), batch.writeUInt32LE(32, 4), batch.writeUInt32LE(24, 8), batch.writeUInt16LE(1, 12);
    const give = (b) => {
      const at = exports.alloc(b.length);
      new Uint8Array(exports.memory.buffer).set(b, at);
      return [at, b.length];
    };
    assert.equal(exports.configure(...give(config)), 0n);
    const before = exports.memory.buffer.byteLength;
    const packed = exports.handle_batch(...give(batch));
    const answer = Buffer.from(exports.memory.buffer, Number(BigInt.asUintN(64, packed) >> 32n), Number(packed & 0xffffffffn));
    const got = answer.subarray(8 + answer.readUInt32LE(24), 8 + answer.readUInt32LE(24) + answer.readUInt32LE(28)).toString();
    assert.equal(Buffer.byteLength(got), want);
    assert.ok(text.startsWith(got));
    assert.ok(exports.memory.buffer.byteLength - before <= 128 << 10, `${exports.memory.buffer.byteLength - before} bytes more for ${want}`);
  }
});
