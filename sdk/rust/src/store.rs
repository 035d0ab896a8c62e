//! What a plugin keeps by key. It outlives the plugin: a later version of the same plugin finds it again. It needs
//! [`needs::STORE`](crate::needs::STORE) and the capability `store`; when the plugin fails on an event, what it kept for it
//! is forgotten. In a native test it is a map of the thread that runs the test, bounded as that of a plugin whose
//! `plugin.yaml` names no bytes of its store.

use crate::StoreResult;

/// The value under a key; nothing when there is none.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, StoreResult> {
    let mut room = vec![0; 256];
    let mut n = host::get(key, &mut room);
    if n > room.len() as i64 {
        room.resize(n as usize, 0);
        n = host::get(key, &mut room);
    }
    match StoreResult(n) {
        StoreResult::ABSENT => Ok(None),
        why if n < 0 => Err(why),
        _ => {
            room.truncate(n as usize);
            Ok(Some(room))
        }
    }
}

/// Keeps a value under a key; a value of no bytes deletes it.
pub fn put(key: &str, value: &[u8]) -> Result<(), StoreResult> {
    match host::put(key, value) {
        n if n < 0 => Err(StoreResult(n)),
        _ => Ok(()),
    }
}

/// Bounds the store of the tests of this thread, for a plugin whose `plugin.yaml` names the bytes of its store.
#[cfg(not(target_arch = "wasm32"))]
pub fn set_quota(bytes: usize) {
    host::QUOTA.with(|q| q.set(bytes));
}

impl std::fmt::Display for StoreResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self {
            StoreResult::ABSENT => "absent",
            StoreResult::DENIED => "denied",
            StoreResult::FULL => "full",
            StoreResult::BAD_KEY => "bad key",
            _ => "failed",
        })
    }
}

impl std::error::Error for StoreResult {}

#[cfg(target_arch = "wasm32")]
mod host {
    #[link(wasm_import_module = "sothebais_v1")]
    extern "C" {
        fn store_get(key: *const u8, key_len: usize, value: *mut u8, room: usize) -> i64;
        fn store_put(key: *const u8, key_len: usize, value: *const u8, len: usize) -> i64;
    }

    pub fn get(key: &str, room: &mut [u8]) -> i64 {
        unsafe { store_get(key.as_ptr(), key.len(), room.as_mut_ptr(), room.len()) }
    }

    pub fn put(key: &str, value: &[u8]) -> i64 {
        unsafe { store_put(key.as_ptr(), key.len(), value.as_ptr(), value.len()) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use crate::{StoreResult, MAX_KEY_BYTES};
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    thread_local! {
        static MAP: RefCell<HashMap<String, Vec<u8>>> = RefCell::default();
        pub static QUOTA: Cell<usize> = Cell::new(64 << 10);
    }

    pub fn get(key: &str, room: &mut [u8]) -> i64 {
        MAP.with(|m| match m.borrow().get(key) {
            None => StoreResult::ABSENT.0,
            Some(v) => {
                let n = v.len().min(room.len());
                room[..n].copy_from_slice(&v[..n]);
                v.len() as i64
            }
        })
    }

    pub fn put(key: &str, value: &[u8]) -> i64 {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return StoreResult::BAD_KEY.0;
        }
        MAP.with(|m| {
            let mut m = m.borrow_mut();
            let rest: usize = m.iter().filter(|(k, _)| *k != key).map(|(k, v)| k.len() + v.len()).sum();
            match value {
                [] => m.remove(key),
                _ if rest + key.len() + value.len() > QUOTA.with(Cell::get) => return StoreResult::FULL.0,
                _ => m.insert(key.into(), value.into()),
            };
            0
        })
    }
}
