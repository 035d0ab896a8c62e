;; A module that imports what some later host may have.
(module
  (import "sothebais_v1" "store_list" (func (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 1))
