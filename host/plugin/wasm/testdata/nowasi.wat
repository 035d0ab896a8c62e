;; A module that imports what WASI preview 1 does not have.
(module
  (import "wasi_snapshot_preview1" "thread_spawn" (func (param i32) (result i32)))
  (memory (export "memory") 1))
