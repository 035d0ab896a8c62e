;; A plugin that changes its table, which a roll-back would not undo (and whose like, table.grow, goes past every limit
;; on memory).
(module
  (memory (export "memory") 1)
  (table 4 funcref)
  (func $f)
  (elem func $f $f)
  (func (export "_initialize") (table.init 0 (i32.const 0) (i32.const 0) (i32.const 2)))
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
