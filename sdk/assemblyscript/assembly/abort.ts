@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: i32, pieces: usize, count: u32, written: usize): i32;

const MESSAGE: i32 = 400; // UTF-16 units that are told of a message; each is at most 3 bytes
const FILE: i32 = 200;    // and of the name of a file

/** Says why and where a plugin gave up, as "message (file:line:column)", and ends the call: what is thrown, what is
 *  asserted in vain and what the language checks comes here. The host takes these words for the reason. It allocates
 *  nothing, because the collector may be what gave up. asconfig.json names it:
 *  "use": ["abort=~lib/@sothebais/sdk/assembly/abort/abort"]. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const text = memory.data(3 * (MESSAGE + FILE) + 32);
  const piece = memory.data(12, 4);
  let at = put(text, message === null ? "gave up" : message, MESSAGE);
  at = put(at, " (", 2);
  at = put(at, file === null ? "?" : file, FILE);
  at = number(at, line);
  at = number(at, column);
  store<u16>(at, 0x0a29); // ")" and the end of the line
  store<u32>(piece, <u32>text);
  store<u32>(piece, <u32>(at + 2 - text), 4);
  fdWrite(2, piece, 1, piece + 8);
  unreachable();
}

/** Writes so many units of a string at most; gives where it ends. */
function put(at: usize, s: string, most: i32): usize {
  return at + String.UTF8.encodeUnsafe(changetype<usize>(s), min(s.length, most), at, false, String.UTF8.ErrorMode.REPLACE);
}

/** Writes a colon and a number; gives where it ends. */
function number(at: usize, n: u32): usize {
  let ten: u32 = 1;
  while (n / ten >= 10) ten *= 10;
  store<u8>(at++, 0x3a);
  for (; ten > 0; ten /= 10) store<u8>(at++, <u8>(0x30 + n / ten % 10));
  return at;
}
