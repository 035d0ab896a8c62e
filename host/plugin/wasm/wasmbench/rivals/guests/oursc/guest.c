/* Our guest in C that does the rivals' work: an event of 300 bytes, a key looked up in the store, a command of 200
 * bytes. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

enum { KEY_BYTES = 16, ANSWER_BYTES = 176 };

static void handle(sb_event e, sb_commands *out) {
  if (sb_kind(e) != SB_POST_RECEIVED) return;
  sb_str text = sb_post_received_text(e), key = sb_post_received_id(e);
  uint64_t sum = text.len, kept;
  if (key.len > KEY_BYTES) key.len = KEY_BYTES;
  if (sb_store_get(key, &kept, sizeof kept) >= (int64_t)sizeof kept) sum += kept;
  char answer[ANSWER_BYTES] = {0};
  __builtin_memcpy(answer, text.ptr, text.len < ANSWER_BYTES ? text.len : ANSWER_BYTES);
  for (int i = 0; i < 8; i++) answer[i] = (char)('a' + (sum >> (4 * i) & 15));
  sb_post(out, (sb_str){answer, sizeof answer});
}

const sb_plugin sothebais_plugin = {.needs = SB_NEEDS_STORE, .handle = handle};
