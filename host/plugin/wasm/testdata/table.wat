;; A module that changes its table, which a roll-back would not undo (and whose like, table.grow, goes past every limit
;; on memory).
(module
  (memory (export "memory") 1)
  (table 4 funcref)
  (func $f)
  (elem func $f $f)
  (func (export "_initialize") (table.init 0 (i32.const 0) (i32.const 0) (i32.const 2))))
