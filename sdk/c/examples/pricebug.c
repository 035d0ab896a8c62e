/* An overlay: what is sold, for how much, and how long it still goes. What it does is written down, for every
 * language, in sdk/tck/examples/README.md. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

#include "lines.h"

enum {
  MOST_TICKER = 3,
  FLASH_TICKS = 5,
  HURRY_BELOW = 10, /* seconds */
  CALM_ABOVE = 15,
  MOST_SECONDS = 1000000,
  FULL = 1000, /* of a bar */
  LINE = 2 * SB_MAX_STRING_BYTES + 64, /* two texts of an event and what is said around them */
};

typedef struct {
  uint32_t len;
  char text[LINE];
} line;

typedef struct {
  line headline;
  uint64_t start, reserve; /* gwei */
  int64_t duration;        /* milliseconds */
  bool met, hurry;
  int64_t flash; /* ticks until the headline comes back */
  uint32_t countdown_len;
  char countdown[32];
  bool has_bar;
  int64_t bar; /* of the time, as it was last shown */
  uint32_t bids;
  line ticker[MOST_TICKER]; /* last bids, newest first */
} pricebug;

static pricebug now, next;

static void forget(pricebug *p) { __builtin_memset(p, 0, sizeof *p); }

static sb_str text_of(const line *l) { return (sb_str){l->text, l->len}; }

/* A number, which is 0 for one below that. */
static uint64_t whole(int64_t n) { return n < 0 ? 0 : (uint64_t)n; }

static char line_room[3 * LINE];

static void lot_opened(sb_event e, sb_commands *out) {
  forget(&now);
  now.start = sb_lot_opened_start_gwei(e);
  now.reserve = sb_lot_opened_reserve_gwei(e);
  now.duration = (int64_t)whole(sb_lot_opened_duration_ms(e));
  sb_buf b = sb_room(now.headline.text);
  sb_write(&b, "Lot ", whole(sb_lot_opened_number(e)), ": ");
  lines_clean(&b, sb_lot_opened_title(e));
  if (sb_lot_opened_artist(e).len > 0) {
    sb_put(&b, " by ");
    lines_clean(&b, sb_lot_opened_artist(e));
  }
  now.headline.len = b.len;
  sb_text(out, SB("headline"), text_of(&now.headline));
  b = sb_room(line_room);
  sb_put(&b, "from ");
  lines_clean(&b, sb_lot_opened_start(e));
  sb_put(&b, " ETH");
  sb_text(out, SB("price"), sb_done(b));
  sb_text(out, SB("leader"), SB(""));
  sb_text(out, SB("ticker"), SB(""));
  sb_text(out, SB("rise"), SB(""));
  sb_bar(out, SB("reserve"), 0);
  sb_show(out, SB("reserve-met"), false);
  sb_show(out, SB("hurry"), false);
}

/* How far a bid is above the start, in percent. */
static uint64_t rise(uint64_t gwei) {
  uint64_t above = gwei > now.start ? (gwei - now.start) / 1000 : 0, step = now.start / 1000;
  return now.start == 0 ? 0 : above * 100 / (step ? step : 1);
}

/* How much of the reserve a bid is, in thousandths. */
static int64_t of_reserve(uint64_t gwei) {
  uint64_t a = gwei / 1000, r = now.reserve < 1000 ? 1 : now.reserve / 1000;
  return a >= r ? FULL : (int64_t)(a * FULL / r);
}

static void bid(sb_event e, sb_commands *out) {
  sb_buf b = sb_room(line_room);
  lines_clean(&b, sb_bid_accepted_amount(e));
  sb_put(&b, " ETH");
  sb_text(out, SB("price"), sb_done(b));

  b = sb_room(line_room);
  sb_put(&b, "@");
  lines_clean(&b, sb_bid_accepted_handle(e));
  sb_text(out, SB("leader"), sb_done(b));

  sb_put(&b, " ");
  lines_clean(&b, sb_bid_accepted_amount(e));
  for (int i = MOST_TICKER - 1; i > 0; i--) now.ticker[i] = now.ticker[i - 1];
  now.ticker[0].len = b.len;
  __builtin_memcpy(now.ticker[0].text, b.ptr, b.len);
  if (now.bids < MOST_TICKER) now.bids++;
  for (uint32_t i = 1; i < now.bids; i++) sb_write(&b, " \u00b7 ", text_of(&now.ticker[i]));
  sb_text(out, SB("ticker"), sb_done(b));

  uint64_t percent = rise(sb_bid_accepted_amount_gwei(e));
  b = sb_room(line_room);
  if (percent > 0) sb_write(&b, "+", percent, " %");
  sb_text(out, SB("rise"), sb_done(b));
  sb_bar(out, SB("reserve"), of_reserve(sb_bid_accepted_amount_gwei(e)));
  if (sb_bid_accepted_reserve_met(e) && !now.met) {
    now.met = true;
    sb_show(out, SB("reserve-met"), true);
    sb_sound(out, SB("chime"));
  }
}

static void set_hurry(bool on, sb_commands *out) {
  now.hurry = on;
  sb_show(out, SB("hurry"), on);
}

/* Minutes and seconds, nothing when no lot is open. */
static void count_down(int64_t seconds, sb_commands *out) {
  char room[sizeof now.countdown];
  sb_buf b = sb_room(room);
  if (seconds >= 0) sb_write(&b, seconds / 60, seconds % 60 < 10 ? ":0" : ":", seconds % 60);
  if (sb_eq(sb_done(b), (sb_str){now.countdown, now.countdown_len})) return;
  __builtin_memcpy(now.countdown, b.ptr, b.len);
  now.countdown_len = b.len;
  sb_text(out, SB("countdown"), sb_done(b));
}

static void tick(sb_event e, sb_commands *out) {
  if (now.flash > 0 && --now.flash == 0) sb_text(out, SB("headline"), text_of(&now.headline));
  int64_t n = sb_clock_ticked_seconds_left(e);
  if (n > MOST_SECONDS) n = MOST_SECONDS;
  count_down(n, out);
  if (n >= 0 && now.duration != 0) {
    int64_t v = n * 1000000 / now.duration;
    if (v > FULL) v = FULL;
    if (!now.has_bar || v != now.bar) sb_bar(out, SB("time"), now.bar = v);
    now.has_bar = true;
  }
  if (!now.hurry && n >= 0 && n <= HURRY_BELOW)
    set_hurry(true, out);
  else if (now.hurry && (n < 0 || n > CALM_ABOVE))
    set_hurry(false, out);
}

static void extended(sb_event e, sb_commands *out) {
  sb_buf b = sb_room(line_room);
  if (sb_lot_extended_count(e) == 1)
    sb_put(&b, "Extended once");
  else
    sb_write(&b, "Extended ", whole(sb_lot_extended_count(e)), " times");
  if (sb_lot_extended_last(e)) sb_put(&b, ", for the last time");
  sb_text(out, SB("headline"), sb_done(b));
  now.flash = FLASH_TICKS;
}

static void lot_over(sb_commands *out) {
  now.flash = 0;
  now.headline.len = 0;
  if (now.countdown_len > 0) {
    now.countdown_len = 0;
    sb_text(out, SB("countdown"), SB(""));
  }
  if (now.hurry) set_hurry(false, out);
}

static void sold(sb_event e, sb_commands *out) {
  sb_buf b = sb_room(line_room);
  sb_put(&b, "Sold to @");
  lines_clean(&b, sb_lot_sold_handle(e));
  sb_put(&b, " for ");
  lines_clean(&b, sb_lot_sold_amount(e));
  sb_put(&b, " ETH");
  sb_text(out, SB("headline"), sb_done(b));
  sb_sound(out, SB("hammer"));
  lot_over(out);
}

static sb_str unsold(sb_str reason) {
  if (sb_eq(reason, SB("no_bids"))) return SB("No bids");
  if (sb_eq(reason, SB("reserve_not_met"))) return SB("The reserve was not met");
  if (sb_eq(reason, SB("withdrawn"))) return SB("Withdrawn");
  return SB("Not sold");
}

static void session_opened(sb_event e, sb_commands *out) {
  forget(&now);
  sb_buf b = sb_room(line_room);
  lines_clean(&b, sb_session_opened_name(e));
  sb_text(out, SB("headline"), sb_done(b));
  sb_text(out, SB("price"), SB(""));
  sb_text(out, SB("leader"), SB(""));
  sb_text(out, SB("ticker"), SB(""));
}

static void session_closed(sb_event e, sb_commands *out) {
  forget(&now);
  sb_buf b = sb_room(line_room);
  sb_write(&b, whole(sb_session_closed_sold(e)), sb_session_closed_sold(e) == 1 ? " lot" : " lots", " sold for ");
  lines_clean(&b, sb_session_closed_total(e));
  sb_put(&b, " ETH");
  sb_text(out, SB("headline"), sb_done(b));
}

static void handle(sb_event e, sb_commands *out) {
  switch (sb_kind(e)) {
    case SB_SESSION_OPENED: session_opened(e, out); break;
    case SB_LOT_OPENED: lot_opened(e, out); break;
    case SB_BID_ACCEPTED: bid(e, out); break;
    case SB_CLOCK_TICKED: tick(e, out); break;
    case SB_LOT_EXTENDED: extended(e, out); break;
    case SB_LOT_PAUSED:
      now.flash = 0;
      sb_text(out, SB("headline"), SB("Paused"));
      break;
    case SB_LOT_RESUMED: sb_text(out, SB("headline"), text_of(&now.headline)); break;
    case SB_LOT_SOLD: sold(e, out); break;
    case SB_LOT_UNSOLD:
      sb_text(out, SB("headline"), unsold(sb_lot_unsold_reason(e)));
      lot_over(out);
      break;
    case SB_SESSION_CLOSED: session_closed(e, out);
  }
}

static char state_room[sizeof now + 1024];

static sb_str save(void) {
  sb_buf b = sb_room(state_room);
  sb_put(&b, "pricebug 1\n");
  lines_text(&b, "headline", text_of(&now.headline));
  lines_number(&b, "start", now.start);
  lines_number(&b, "reserve", now.reserve);
  lines_int(&b, "duration", now.duration);
  lines_int(&b, "met", now.met);
  lines_int(&b, "hurry", now.hurry);
  lines_int(&b, "flash", now.flash);
  lines_text(&b, "countdown", ((sb_str){now.countdown, now.countdown_len}));
  if (now.has_bar) lines_int(&b, "bar", now.bar);
  for (uint32_t i = 0; i < now.bids; i++) lines_text(&b, "ticker", text_of(&now.ticker[i]));
  return sb_done(b);
}

static bool take_ticker(sb_str value) {
  if (next.bids == MOST_TICKER) return true;
  line *l = &next.ticker[next.bids++];
  return lines_take_text(value, l->text, &l->len);
}

static bool take(sb_str key, sb_str value) {
  if (sb_eq(key, SB("headline"))) return lines_take_text(value, next.headline.text, &next.headline.len);
  if (sb_eq(key, SB("start"))) return lines_take(value, &next.start);
  if (sb_eq(key, SB("reserve"))) return lines_take(value, &next.reserve);
  if (sb_eq(key, SB("duration"))) return lines_take_int(value, &next.duration);
  if (sb_eq(key, SB("met"))) return lines_take_flag(value, &next.met);
  if (sb_eq(key, SB("hurry"))) return lines_take_flag(value, &next.hurry);
  if (sb_eq(key, SB("flash"))) return lines_take_int(value, &next.flash);
  if (sb_eq(key, SB("countdown"))) return lines_take_text(value, next.countdown, &next.countdown_len);
  if (sb_eq(key, SB("bar"))) return next.has_bar = lines_take_int(value, &next.bar);
  return sb_eq(key, SB("ticker")) && take_ticker(value);
}

static sb_str restore(sb_str state) {
  forget(&next);
  sb_str error = lines_read("pricebug", state, take);
  if (error.len == 0) now = next;
  return error;
}

const sb_plugin sothebais_plugin = {.handle = handle, .save = save, .restore = restore};
