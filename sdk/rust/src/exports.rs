//! What [`register!`](crate::register) needs inside of a module; nothing here is for plugins.

use crate::{Guest, Plugin};
use core::cell::UnsafeCell;

/// The one plugin of a module.
pub struct Slot<P>(UnsafeCell<Option<Guest<P>>>);

// A module has one thread, and the host never calls it while a call is on.
unsafe impl<P> Sync for Slot<P> {}

impl<P: Plugin> Slot<P> {
    pub const fn new() -> Self {
        Slot(UnsafeCell::new(None))
    }

    #[allow(clippy::mut_from_ref)]
    pub fn guest(&self) -> &mut Guest<P> {
        // Each export asks once and lets go before it returns.
        unsafe { &mut *self.0.get() }.get_or_insert_with(Guest::default)
    }

    pub fn start(&self) -> u64 {
        std::panic::set_hook(Box::new(|info| print(&format!("{}\n", info))));
        self.guest();
        P::NEEDS
    }
}

/// The bytes that the host wrote into the buffer that it was given.
pub fn input<'a>(ptr: u32, len: u32) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    unsafe { core::slice::from_raw_parts(ptr as *const u8, len as usize) }
}

pub fn packed(b: &[u8]) -> u64 {
    if b.is_empty() {
        return 0;
    }
    (b.as_ptr() as u64) << 32 | b.len() as u64
}

#[repr(C)]
struct Piece {
    ptr: *const u8,
    len: usize,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn fd_write(fd: i32, pieces: *const Piece, count: usize, written: *mut usize) -> i32;
}

/// Writes a line to the program's log.
fn print(s: &str) {
    let piece = Piece { ptr: s.as_ptr(), len: s.len() };
    let mut written = 0;
    unsafe { fd_write(2, &piece, 1, &mut written) };
}
