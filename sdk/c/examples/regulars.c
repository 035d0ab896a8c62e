/* A personality that knows its bidders. What it does is written down, for every language, in
 * sdk/tck/examples/README.md. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

#include "lines.h"

enum { MOST_SEEN = 256, MOST_WAITING = 4, SILENCE = 2000 /* milliseconds after which there is time for a newcomer */ };

/* A list of lines. Where there is no room for one more, in number or in bytes, the oldest goes. */
typedef struct {
  uint32_t count, len;
  char text[72 * 1024];
} list;

static void list_drop(list *l) {
  uint32_t n = sb_find((sb_str){l->text, l->len}, '\n') + 1;
  l->len -= n;
  l->count--;
  __builtin_memmove(l->text, l->text + n, l->len);
}

static void list_push(list *l, sb_str line, uint32_t most) {
  while (l->count == most || line.len + 1 > sizeof l->text - l->len) list_drop(l);
  __builtin_memcpy(l->text + l->len, line.ptr, line.len);
  l->text[l->len + line.len] = '\n';
  l->len += line.len + 1;
  l->count++;
}

/* The line at *at, which goes on to the next. */
static sb_str list_next(const list *l, uint32_t *at) {
  sb_str rest = {l->text + *at, l->len - *at}, line = sb_cut(rest, 0, sb_find(rest, '\n'));
  *at += line.len + 1;
  return line;
}

static bool list_has(const list *l, sb_str line) {
  for (uint32_t at = 0; at < l->len;)
    if (sb_eq(list_next(l, &at), line)) return true;
  return false;
}

typedef struct {
  uint64_t returned;
  list seen;    /* accounts that have bid in this session */
  list waiting; /* seq and handle of whoever is here for the first time and was not greeted yet */
} regulars;

static regulars now, next;

static void forget(regulars *r) { r->returned = r->seen.count = r->seen.len = r->waiting.count = r->waiting.len = 0; }

/* ---- what is kept of a bidder for good ---- */

typedef struct {
  uint64_t visits, bids, wins;
} known;

static char key_room[SB_MAX_STRING_BYTES + 16];

static sb_str key_of(sb_str account) {
  sb_buf key = sb_room(key_room);
  sb_write(&key, "bidder/", account);
  return sb_done(key);
}

static known look_up(sb_str account) {
  char room[64]; /* three numbers of 18 digits and their spaces take 56 */
  uint64_t n[3];
  int64_t len = sb_store_get(key_of(account), room, sizeof room);
  if (len < 0 || len > (int64_t)sizeof room) return (known){0}; /* an error is told when it is kept */
  sb_str rest = {room, (uint32_t)len};
  for (int i = 0; i < 3; i++) {
    uint32_t end = sb_find(rest, ' ');
    bool last = end == rest.len;
    if (!lines_take(sb_cut(rest, 0, end), &n[i]) || last != (i == 2)) return (known){0};
    if (!last) rest = sb_cut(rest, end + 1, rest.len);
  }
  return (known){n[0], n[1], n[2]};
}

static void keep(known k, sb_str account, sb_str handle, sb_commands *out) {
  char room[72];
  sb_buf value = sb_room(room);
  sb_write(&value, k.visits, " ", k.bids, " ", k.wins);
  int64_t result = sb_store_put(key_of(account), sb_done(value));
  if (result >= 0) return;
  static char line_room[SB_MAX_STRING_BYTES + 64];
  sb_buf line = sb_room(line_room);
  sb_write(&line, "cannot remember @", handle, ": ");
  sb_put(&line, result == SB_STORE_RESULT_FULL ? "full" : result == SB_STORE_RESULT_BAD_KEY ? "bad key" : "denied");
  sb_log(out, SB_LEVEL_WARN, sb_done(line));
}

/* ---- what it hears ---- */

static char line_room[SB_MAX_STRING_BYTES + 128];

/* Says whether a name can be kept in a line. */
static bool usable(sb_str s) { return s.len > 0 && sb_find(s, '\n') == s.len; }

/* Greets a bidder whose first bid of the session this is. */
static void arrive(uint64_t visits, sb_event e, sb_commands *out) {
  sb_str handle = sb_bid_accepted_handle(e);
  sb_buf line = sb_room(line_room);
  if (visits == 1) {
    sb_write(&line, sb_seq(e), " ", handle);
    list_push(&now.waiting, sb_done(line), MOST_WAITING);
    return;
  }
  now.returned++;
  if (visits >= 5) {
    sb_write(&line, "Our dear regular @", handle, " is here, visit number ", visits, ".");
    sb_say(out, sb_done(line), SB("delighted"), SB_PRIORITY_BID);
    sb_gesture(out, SB("bow"));
    return;
  }
  sb_random r = sb_random_of(e);
  switch (sb_random_n(&r, 3)) {
    case 0: sb_write(&line, "Welcome back, @", handle, "."); break;
    case 1: sb_write(&line, "@", handle, ", good to see you again."); break;
    default: sb_write(&line, "There you are, @", handle, ". Visit number ", visits, ".");
  }
  sb_say(out, sb_done(line), SB("happy"), SB_PRIORITY_CHAT);
}

static void bid(sb_event e, sb_commands *out) {
  sb_str account = sb_bid_accepted_bidder(e), handle = sb_bid_accepted_handle(e);
  if (!usable(account) || !usable(handle)) return;
  known k = look_up(account);
  if (!list_has(&now.seen, account)) {
    list_push(&now.seen, account, MOST_SEEN);
    arrive(++k.visits, e, out);
  }
  k.bids++;
  if (k.bids == 3 || k.bids == 10 || k.bids == 50 || k.bids == 100) {
    sb_buf line = sb_room(line_room);
    sb_write(&line, "That was bid number ", k.bids, " of @", handle, ".");
    sb_say(out, sb_done(line), SB("impressed"), SB_PRIORITY_BID);
  }
  keep(k, account, handle, out);
}

static void sold(sb_event e, sb_commands *out) {
  sb_str account = sb_lot_sold_winner(e), handle = sb_lot_sold_handle(e);
  if (!usable(account) || !usable(handle)) return;
  known k = look_up(account);
  k.wins++;
  sb_buf line = sb_room(line_room);
  if (k.wins == 1)
    sb_write(&line, "A first win for @", handle, ". Congratulations.");
  else
    sb_write(&line, "@", handle, " takes another one, win number ", k.wins, ".");
  sb_say(out, sb_done(line), k.wins == 1 ? SB("happy") : SB("impressed"), SB_PRIORITY_LOT);
  keep(k, account, handle, out);
}

static void greet_newcomer(sb_commands *out) {
  uint32_t at = 0;
  sb_str face = list_next(&now.waiting, &at);
  uint32_t space = sb_find(face, ' ');
  uint64_t seq;
  sb_buf line = sb_room(line_room);
  sb_write(&line, "A new face: welcome, @", sb_cut(face, space + 1, face.len), ".");
  if (lines_take(sb_cut(face, 0, space), &seq)) sb_say_about(out, seq, sb_done(line), SB("curious"), SB_PRIORITY_CHAT);
  list_drop(&now.waiting);
}

static void good_night(sb_commands *out) {
  sb_buf line = sb_room(line_room);
  if (now.returned == 0)
    sb_put(&line, "Good night, and come back soon.");
  else if (now.returned == 1)
    sb_put(&line, "Good night. One of you came back today.");
  else
    sb_write(&line, "Good night. ", now.returned, " of you came back today.");
  sb_say(out, sb_done(line), SB("calm"), SB_PRIORITY_LOT);
  forget(&now);
}

static void handle(sb_event e, sb_commands *out) {
  switch (sb_kind(e)) {
    case SB_SESSION_OPENED: forget(&now); break;
    case SB_BID_ACCEPTED: bid(e, out); break;
    case SB_LOT_SOLD: sold(e, out); break;
    case SB_CLOCK_TICKED:
      if (sb_clock_ticked_silent_ms(e) >= SILENCE && now.waiting.count > 0) greet_newcomer(out);
      break;
    case SB_SESSION_CLOSED: good_night(out);
  }
}

/* ---- state ---- */

static char state_room[sizeof now + 4096];

static sb_str save(void) {
  sb_buf b = sb_room(state_room);
  sb_put(&b, "regulars 1\n");
  lines_number(&b, "returned", now.returned);
  for (uint32_t at = 0; at < now.seen.len;) lines_text(&b, "seen", list_next(&now.seen, &at));
  for (uint32_t at = 0; at < now.waiting.len;) lines_text(&b, "waiting", list_next(&now.waiting, &at));
  return sb_done(b);
}

static bool take(sb_str key, sb_str value) {
  if (sb_eq(key, SB("returned"))) return lines_take(value, &next.returned);
  if (value.len == 0 || value.len >= sizeof next.seen.text) return false;
  if (sb_eq(key, SB("seen"))) {
    list_push(&next.seen, value, MOST_SEEN);
    return true;
  }
  if (sb_eq(key, SB("waiting"))) {
    uint64_t seq;
    uint32_t space = sb_find(value, ' ');
    list_push(&next.waiting, value, MOST_WAITING);
    return value.len > space + 1 && lines_take(sb_cut(value, 0, space), &seq);
  }
  return false;
}

static sb_str restore(sb_str state) {
  forget(&next);
  sb_str error = lines_read("regulars", state, take);
  if (error.len == 0) now = next;
  return error;
}

const sb_plugin sothebais_plugin = {.needs = SB_NEEDS_STORE, .handle = handle, .save = save, .restore = restore};
