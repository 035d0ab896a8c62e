/* QuickJS includes this and uses nothing of it; WASI has none. */
