/* Tests of the header itself.
 *
 *     cc -std=c11 -DSOTHEBAIS_TEST -I. -o header test/header_test.c && ./header
 */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

#include <string.h>

static int failures;

static void same(const char *what, sb_str got, const char *want) {
  if (sb_eq(got, (sb_str){want, (uint32_t)strlen(want)})) return;
  fprintf(stderr, "%s:\n got %.*s\nwant %s\n", what, (int)got.len, got.ptr, want);
  failures++;
}

static void handle(sb_event e, sb_commands *out) {
  static char room[3 * SB_MAX_STRING_BYTES];
  sb_buf b = sb_room(room);
  switch (sb_kind(e)) {
    case SB_BID_ACCEPTED:
      sb_write(&b, "@", sb_bid_accepted_handle(e), " ", sb_bid_accepted_amount(e), " ", sb_bid_accepted_count(e), sb_was_cut(e) ? "!" : "");
      sb_say(out, sb_done(b), SB("happy"), SB_PRIORITY_BID);
      sb_show(out, SB("reserve"), sb_bid_accepted_reserve_met(e));
      sb_say_about(out, sb_seq(e) - 1, SB("back then"), SB(""), SB_PRIORITY_IDLE);
      break;
    case SB_POST_RECEIVED: sb_post(out, sb_post_received_text(e)); break;
    case SB_LOT_SOLD:
      memset(room, 'x', sizeof room);
      for (uint32_t i = 0; i < sizeof room / 3; i++) memcpy(room + 3 * i, "\xe9\xb3\xa5", 3);
      sb_post(out, (sb_str){room, sizeof room});
  }
}

const sb_plugin sothebais_plugin = {.handle = handle};

static sb_str line(sb_str commands, int n) {
  static char room[4 * SB_MAX_STRING_BYTES];
  uint32_t at = 0;
  sb_str l = {0};
  while (n-- >= 0) l = sb_next_line(commands, &at, sb_room(room));
  return l;
}

static sb_str posted(const char *text) {
  sb_commands b = sb_batch_new();
  sb_add_post_received(&b, 1, 1, (sb_post_received_fields){.text = {text, (uint32_t)strlen(text)}});
  sb_str out = sb_play(&sothebais_plugin, sb_batch_done(&b));
  free(b.buf);
  return line(out, 0);
}

static void reads_back_what_was_asked(void) {
  sb_commands b = sb_batch_new();
  sb_add_clock_ticked(&b, 1, 10, (sb_clock_ticked_fields){0});
  sb_add_bid_accepted(&b, 2, 20, (sb_bid_accepted_fields){.handle = SB("ann"), .amount = SB("1.5"), .count = -3, .reserve_met = true});
  sb_str out = sb_play(&sothebais_plugin, sb_batch_done(&b));
  same("say", line(out, 0), "1 say text=\"@ann 1.5 -3\" mood=\"happy\" priority=50");
  same("show", line(out, 1), "1 show layer=\"reserve\" visible=1");
  same("about", line(out, 2), "1 say text=\"back then\" mood=\"\" priority=10 about=1");
  same("end", line(out, 3), "");
  free(b.buf);
}

/* A host that is older than this header sends fewer fields. */
static void older_records_read_as_zero(void) {
  sb_commands b = sb_batch_new();
  sb_add_bid_accepted(&b, 2, 20, (sb_bid_accepted_fields){.lot = SB("l"), .handle = SB("ann"), .amount = SB("1.5"), .count = 3});
  b.buf[8 + 6] = 3; /* up to the handle */
  same("fields", line(sb_play(&sothebais_plugin, sb_batch_done(&b)), 0), "0 say text=\"@ann  0\" mood=\"happy\" priority=50");
  free(b.buf);
}

static void mends_text(void) {
  same("half a character", posted("fox \xf0\x9f\xa6!"), "0 post text=\"fox \xef\xbf\xbd!\"");
  same("longer than it need be", posted("\xc0\xaf/"), "0 post text=\"\xef\xbf\xbd/\"");
  same("half a pair", posted("\xed\xa0\x80"), "0 post text=\"\xef\xbf\xbd\"");
  same("past the last", posted("\xf4\x90\x80\x80"), "0 post text=\"\xef\xbf\xbd\"");
  same("characters", posted("é鳥🦊"), "0 post text=\"é鳥🦊\"");

  sb_commands b = sb_batch_new();
  sb_add_lot_sold(&b, 1, 1, (sb_lot_sold_fields){0});
  sb_str out = sb_play(&sothebais_plugin, sb_batch_done(&b));
  uint32_t n = sb_load4((const uint8_t *)out.ptr + 8 + 20);
  if (n != SB_MAX_STRING_BYTES / 3 * 3) fprintf(stderr, "a long text is cut to %u bytes\n", n), failures++;
  free(b.buf);
}

static void writes_numbers(void) {
  char room[64];
  sb_buf b = sb_room(room);
  sb_write(&b, 0, " ", INT64_MIN, " ", UINT64_MAX);
  same("numbers", sb_done(b), "0 -9223372036854775808 18446744073709551615");
  char small[4];
  b = sb_room(small);
  sb_write(&b, "abc", "de", "f");
  same("what fits", sb_done(b), "abcf");
  if (!b.full) fprintf(stderr, "nothing says that it was full\n"), failures++;
  b = sb_room(small);
  sb_write(&b, "abc", -1); /* a number fits whole, sign and all, or not at all */
  same("a number that does not fit", sb_done(b), "abc");
  b = sb_room(room);
  sb_write(&b, (uint8_t)255, " ", (int16_t)-3, " ", (uint16_t)65535, " ", (int8_t)-128);
  same("small numbers", sb_done(b), "255 -3 65535 -128");
}

/* As in sdk/tck/testdata/transcript.golden; nothing is drawn for nothing. */
static void draws_numbers(void) {
  sb_random r = {57 * 0x9e3779b97f4a7c15u};
  if (sb_random_n(&r, 0) != 0 || sb_random_n(&r, 1000) != 360) fprintf(stderr, "draws another number\n"), failures++;
}

static void keeps_values(void) {
  char room[8];
  sb_store_reset();
  if (sb_store_get(SB("k"), room, sizeof room) != SB_STORE_RESULT_ABSENT) failures++;
  if (sb_store_put(SB("k"), SB("a longer value")) != 0 || sb_store_get(SB("k"), room, sizeof room) != 14) failures++;
  same("what there is room for", (sb_str){room, 8}, "a longer");
  if (sb_store_put(SB("k"), SB("")) != 0 || sb_store_get(SB("k"), room, sizeof room) != SB_STORE_RESULT_ABSENT) failures++;
  if (sb_store_put(SB(""), SB("v")) != SB_STORE_RESULT_BAD_KEY || sb_store_put(SB("\xff"), SB("v")) != SB_STORE_RESULT_BAD_KEY) failures++;
  if (sb_store_get(SB(""), room, sizeof room) != SB_STORE_RESULT_ABSENT) failures++; /* as the host has it */
  sb_store_put(SB("k"), SB("v"));
  if (sb_store_get(SB("k"), NULL, 0) != 1) failures++; /* is there anything? */
  for (int i = 0; i < 300; i++)
    if (sb_store_put((sb_str){(char[]){'a', (char)('0' + i / 64), (char)('0' + i % 64)}, 3}, SB("v")) != 0) failures++;
  static char big[65536];
  if (sb_store_put(SB("none"), (sb_str){big, 65536 - 2 - 300 * 4 - 4 + 1}) != SB_STORE_RESULT_FULL || sb_store_put(SB("none"), SB("")) != 0) failures++;
  for (int i = 0; i < 2; i++) /* the second in place of the first */
    if (sb_store_put(SB("none"), (sb_str){big, 65536 - 2 - 300 * 4 - 4}) != 0) failures++;
  if (sb_store_put(SB("more"), SB("v")) != SB_STORE_RESULT_FULL) failures++;
  sb_store_quota += 5;
  if (sb_store_put(SB("more"), SB("v")) != 0) failures++;
  sb_store_reset();
}

int main(void) {
  reads_back_what_was_asked();
  older_records_read_as_zero();
  mends_text();
  writes_numbers();
  draws_numbers();
  keeps_values();
  return failures > 0;
}
