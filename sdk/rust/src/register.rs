/// Names the plugin of this module: a type that is a [`Plugin`](crate::Plugin).
#[macro_export]
macro_rules! register {
    ($plugin:ty) => {
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::Guest<$plugin> = <$crate::Guest<$plugin> as Default>::default;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::exports::{input, packed, Slot};
            use $crate::Plugin as _;

            static SLOT: Slot<$plugin> = Slot::new();

            #[no_mangle]
            extern "C" fn sothebais_abi_v1(_host: u64) -> u64 {
                SLOT.start()
            }
            #[no_mangle]
            extern "C" fn alloc(n: u32) -> u32 {
                SLOT.guest().room(n as usize) as u32
            }
            #[no_mangle]
            extern "C" fn configure(ptr: u32, len: u32) -> u64 {
                let g = SLOT.guest();
                let r = g.plugin.configure(input(ptr, len));
                packed(g.answer(r))
            }
            #[no_mangle]
            extern "C" fn handle_batch(ptr: u32, len: u32) -> u64 {
                packed(SLOT.guest().handle_batch(input(ptr, len)))
            }
            #[no_mangle]
            extern "C" fn save() -> u64 {
                packed(SLOT.guest().save())
            }
            #[no_mangle]
            extern "C" fn restore(ptr: u32, len: u32) -> u64 {
                let g = SLOT.guest();
                let r = g.plugin.restore(input(ptr, len));
                packed(g.answer(r))
            }
            #[no_mangle]
            extern "C" fn migrate(version: u32, ptr: u32, len: u32) -> u64 {
                let g = SLOT.guest();
                let r = g.plugin.migrate(version, input(ptr, len));
                packed(g.answer(r))
            }
        };
    };
}
