;; A plugin whose words against its configuration are too many, and no UTF-8 where they are cut: "no" and 9,000 times é.
(module
  (memory (export "memory") 1)
  (data (i32.const 2048) "no\ff ")
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64)
    (local $at i32)
    (local.set $at (i32.const 2053))
    (i32.store8 (i32.const 2052) (i32.const 0x61)) ;; so that the cut falls between the bytes of a character
    (loop $more
      (i32.store16 (local.get $at) (i32.const 0xa9c3))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 20053))))
    (i64.or (i64.shl (i64.const 2048) (i64.const 32)) (i64.const 18005)))
  (func (export "handle_batch") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
