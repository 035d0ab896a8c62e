;; A module that is no plugin.
(module (memory (export "memory") 1))
