;; A module that wants more of the host than there is.
(module
  (import "env" "open" (func (param i32) (result i32)))
  (memory (export "memory") 1))
