;; A guest whose state depends on chance: for each batch it draws a number and adds it up, once more for each event. An
;; operator's act is too much for it. It answers each batch with a bar that shows the sum.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $sum (mut i64) (i64.const 0))
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "handle_batch") (param $p i32) (param i32) (result i64)
    (if (i32.eq (i32.load16_u offset=12 (local.get $p)) (i32.const 15)) (then unreachable))
    (drop (call $random (i32.const 64) (i32.const 8)))
    (global.set $sum (i64.add
      (global.get $sum)
      (i64.mul (i64.and (i64.load (i32.const 64)) (i64.const 0xffff)) (i64.load32_u (local.get $p)))))
    (i32.store (i32.const 128) (i32.const 1))  ;; one command in 40 bytes: bar, its value the sum
    (i32.store (i32.const 132) (i32.const 40))
    (i32.store (i32.const 136) (i32.const 32))
    (i32.store (i32.const 140) (i32.const 0x20008))
    (i64.store (i32.const 144) (i64.const 0))
    (i64.store (i32.const 152) (i64.const 0))
    (i64.store (i32.const 160) (global.get $sum))
    (i64.const 0x8000000028))
  (func (export "save") (result i64) (i64.const 0))
  (func (export "restore") (param i32 i32) (result i64) (i64.const 0)))
