;; A guest without SDK. Its configuration is eight bytes: what handle_batch returns, so that a test can make it lie
;; about where its commands stand. save returns them as well.
(module
  (memory (export "memory") 1)
  (global $answer (mut i64) (i64.const 0))
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param $p i32) (param $n i32) (result i64)
    (if (i32.ge_u (local.get $n) (i32.const 8)) (then (global.set $answer (i64.load (local.get $p)))))
    (i64.const 0))
  (func (export "handle_batch") (param i32 i32) (result i64) (global.get $answer))
  (func (export "save") (result i64) (global.get $answer))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
