/* A guest with a state of STATE_BYTES, which begins with how many events were heard. Each event writes into the state and
 * shows the count, so that whoever takes over shows whether one was lost or heard twice. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

static union {
  uint64_t heard;
  char bytes[STATE_BYTES];
} state;

static void handle(sb_event e, sb_commands *out) {
  (void)e;
  char room[32];
  sb_buf text = sb_room(room);
  sb_put(&text, ++state.heard);
#if STATE_BYTES > 8
  state.bytes[8 + state.heard % (STATE_BYTES - 8)]++;
#endif
  sb_text(out, SB("count"), sb_done(text));
}

static sb_str save(void) { return (sb_str){state.bytes, sizeof state.bytes}; }

static sb_str restore(sb_str from) {
  if (from.len != sizeof state.bytes) return SB("state of another size");
  __builtin_memcpy(state.bytes, from.ptr, from.len);
  return (sb_str){0};
}

const sb_plugin sothebais_plugin = {.handle = handle, .save = save, .restore = restore};
