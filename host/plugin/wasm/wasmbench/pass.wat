;; The guest of the benchmark: it reads an event of about 300 bytes, adds its bytes up word by word, and answers with
;; one command of 200 bytes: post "<168 bytes of the event, the sum among them>".
(module
  (memory (export "memory") 1)
  (global $seen (mut i64) (i64.const 0))
  (func (export "sothebais_abi_v1") (param i64) (result i64) (i64.const 0))
  (func (export "alloc") (param $n i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $n) (i32.const 32768)) (then (i32.const 0)) (else (i32.const 4096))))
  (func (export "configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "save") (result i64)
    (i64.store (i32.const 0) (global.get $seen))
    (i64.const 8))
  (func (export "restore") (param $p i32) (param $n i32) (result i64)
    (global.set $seen (i64.load (local.get $p)))
    (i64.const 0))
  (func (export "handle_batch") (param $p i32) (param $n i32) (result i64)
    (local $count i32) (local $i i32) (local $rec i32) (local $end i32) (local $at i32) (local $sum i64) (local $o i32)
    (local.set $count (i32.load (local.get $p)))
    (local.set $rec (i32.add (local.get $p) (i32.const 8)))
    (local.set $o (i32.const 40968)) ;; commands, after a header of 8 bytes
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        ;; add the record up
        (local.set $end (i32.add (local.get $rec) (i32.load (local.get $rec))))
        (local.set $at (local.get $rec))
        (local.set $sum (i64.const 0))
        (loop $word
          (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $word (i32.lt_u (local.get $at) (local.get $end))))
        (global.set $seen (i64.add (global.get $seen) (i64.const 1)))
        ;; the command: 16 bytes of header, a slot, 176 bytes of text
        (i32.store (local.get $o) (i32.const 200))
        (i32.store offset=4 (local.get $o) (i32.const 0x1000a)) ;; kind 10 (post), one field
        (i32.store offset=8 (local.get $o) (local.get $i))
        (i32.store offset=12 (local.get $o) (i32.const 0))
        (i64.store offset=16 (local.get $o) (i64.const 0xb000000018)) ;; text at 24, 176 long
        (memory.copy (i32.add (local.get $o) (i32.const 24)) (i32.add (local.get $rec) (i32.const 96)) (i32.const 176))
        ;; the sum, as eight letters
        (i64.store offset=24 (local.get $o)
          (i64.or (i64.and (local.get $sum) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x4040404040404040)))
        (local.set $o (i32.add (local.get $o) (i32.const 200)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $rec (local.get $end))
        (br $next)))
    (i32.store (i32.const 40960) (local.get $count))
    (i32.store (i32.const 40964) (i32.sub (local.get $o) (i32.const 40960)))
    (i64.or (i64.shl (i64.const 40960) (i64.const 32)) (i64.extend_i32_u (i32.sub (local.get $o) (i32.const 40960))))))
