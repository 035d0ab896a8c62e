;; It asks for a hundred things at once.
(module
  (memory (export "memory") 1)
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64)
    (local $o i32)
    (local.set $o (i32.const 8200))
    (loop $more ;; 100 commands of 24 bytes: show, with one field of nothing
      (i32.store (local.get $o) (i32.const 24))
      (i32.store offset=4 (local.get $o) (i32.const 0x10007))
      (br_if $more (i32.lt_u (local.tee $o (i32.add (local.get $o) (i32.const 24))) (i32.const 10600))))
    (i32.store (i32.const 8192) (i32.const 100))
    (i32.store (i32.const 8196) (i32.const 2408))
    (i64.const 0x200000000968)))
