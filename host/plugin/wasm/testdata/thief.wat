;; An invalid module that the rewrite would make valid: it has no global, so the fuel counter would become number 0.
(module
  (memory (export "memory") 1)
  (func (export "_initialize") (global.set 0 (i64.const 0x7fffffffffffffff))))
