;; A guest whose data does not fit its memory.
(module
  (memory (export "memory") 1)
  (data (i32.const 65535) "\29\29")
  (data $passive "\01\02")
  (func $start (i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1))))
  (start $start)
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (memory.init $passive (i32.const 65) (i32.const 0) (i32.const 2)) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64) unreachable)
  (func (export "save") (result i64) (i64.const 0x4000000003))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
