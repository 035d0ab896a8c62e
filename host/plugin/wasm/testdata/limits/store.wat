;; It fills its store until there is no room, and is content.
(module
  (import "sothebais_v1" "store_put" (func $put (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 1))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64)
    (loop $more
      (i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
      (br_if $more (i64.eqz (call $put (i32.const 64) (i32.const 1) (i32.const 128) (i32.const 100)))))
    (i64.const 0)))
