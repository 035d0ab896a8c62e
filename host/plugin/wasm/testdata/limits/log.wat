;; It prints a hundred lines.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\48\00\00\00\03\00\00\00hi\n")
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64)
    (local $i i32)
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (i64.const 0)))
