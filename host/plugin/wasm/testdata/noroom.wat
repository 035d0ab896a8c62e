;; A guest that never has room for what it is given.
(module
  (memory (export "memory") 1)
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 0))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
