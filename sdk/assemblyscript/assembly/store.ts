@external("sothebais_v1", "store_get")
declare function storeGet(key: usize, keyLen: u32, value: usize, room: u32): i64;
@external("sothebais_v1", "store_put")
declare function storePut(key: usize, keyLen: u32, value: usize, valueLen: u32): i64;

/** What a plugin keeps by key. It outlives the plugin: a later version of the same plugin finds it again. It needs
 *  Needs.Store and the capability store. */
export namespace Store {
  /** The value under key, or null when there is none or the store is closed. */
  export function get(key: string): Uint8Array | null {
    const k = String.UTF8.encode(key);
    const at = changetype<usize>(k);
    let value = new Uint8Array(256);
    let n = storeGet(at, <u32>k.byteLength, value.dataStart, <u32>value.length);
    if (n < 0) return null;
    if (n > <i64>value.length) {
      value = new Uint8Array(<i32>n);
      n = storeGet(at, <u32>k.byteLength, value.dataStart, <u32>value.length);
    }
    return value.subarray(0, <i32>n);
  }

  /** Keeps a value under key; a value of no bytes deletes it. Gives 0, or one of StoreResult. When the plugin fails on
   *  the event at hand, what it kept for it is forgotten. */
  export function put(key: string, value: Uint8Array): i64 {
    const k = String.UTF8.encode(key);
    return storePut(changetype<usize>(k), <u32>k.byteLength, value.dataStart, <u32>value.length);
  }

  /** Why get gives null: 0 when there is a value, or one of StoreResult. */
  export function why(key: string): i64 {
    const k = String.UTF8.encode(key);
    return min<i64>(0, storeGet(changetype<usize>(k), <u32>k.byteLength, 0, 0));
  }
}
