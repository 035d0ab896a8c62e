/* The conformance plugin in C; sdk/go/examples/conformance is its twin. Both must leave the same commands. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

static uint64_t bids;
static char greeting_room[SB_MAX_STRING_BYTES];
static sb_str greeting = {"hello", 5};
static char line_room[4 * SB_MAX_STRING_BYTES]; /* of which a command takes as much as it may */

static sb_str configure(sb_str config) {
  if (sb_eq(config, SB("fail"))) return SB("told to fail");
  if (config.len > sizeof greeting_room) return SB("a greeting of more than 8192 bytes");
  if (config.len > 0) {
    __builtin_memcpy(greeting_room, config.ptr, config.len);
    greeting = (sb_str){greeting_room, config.len};
  }
  return (sb_str){0};
}

static void bid_accepted(sb_event e, sb_commands *out) {
  sb_str handle = sb_bid_accepted_handle(e), amount = sb_bid_accepted_amount(e);
  sb_buf line = sb_room(line_room);
  sb_write(&line, "@", handle, " bids ", amount, ", number ", ++bids);
  sb_say(out, sb_done(line), SB("excited"), SB_PRIORITY_BID);
  line = sb_room(line_room);
  sb_write(&line, amount, " ETH");
  sb_text(out, SB("price"), sb_done(line));
  sb_text(out, SB("bidder"), handle);
  sb_bar(out, SB("time"), sb_bid_accepted_count(e) * 100);
  sb_show(out, SB("reserve-met"), sb_bid_accepted_reserve_met(e));
  sb_gesture(out, SB("bounce"));
}

static void post_received(sb_event e, sb_commands *out) {
  sb_str text = sb_post_received_text(e);
  sb_buf line = sb_room(line_room);
  sb_write(&line, greeting, " @", sb_post_received_handle(e), ": ", text.len > 0 ? text : SB("nothing"));
  sb_reply(out, sb_post_received_id(e), sb_done(line));
}

static void clock_ticked(sb_event e, sb_commands *out) {
  sb_buf line = sb_room(line_room);
  sb_put(&line, sb_clock_ticked_seconds_left(e));
  sb_text(out, SB("countdown"), sb_done(line));
  sb_random random = sb_random_of(e);
  line = sb_room(line_room);
  uint64_t drawn = sb_random_n(&random, 0); /* nothing, of nothing */
  sb_write(&line, "random ", drawn + sb_random_n(&random, 1000), " at ", sb_at(e), " of ", sb_seq(e));
  sb_log(out, SB_LEVEL_DEBUG, sb_done(line));
  if (sb_clock_ticked_silent_ms(e) <= 3000) return;
  sb_express(out, SB("sleepy"), 500);
  sb_mood(out, SB("calm"), 40);
  sb_scene(out, SB("break"), SB("fade"), 250);
  sb_sound(out, SB("gavel"));
  sb_post(out, SB("still here"));
  sb_say_about(out, sb_seq(e) - 1, SB("about what was"), SB("calm"), SB_PRIORITY_IDLE);
  sb_reply_about(out, (uint64_t)1 << 63, SB("17"), SB("about what is not"));
}

/* ---- what an operator tells it to do with its store and its powers ---- */

/* The next word of a text, up to a space; the text goes on behind it. */
static sb_str word(sb_str *rest) {
  uint32_t n = sb_find(*rest, ' ');
  sb_str w = sb_cut(*rest, 0, n);
  *rest = sb_cut(*rest, n < rest->len ? n + 1 : n, rest->len);
  return w;
}

static void recall(sb_str key, sb_commands *out) {
  static char value[SB_MAX_STRING_BYTES];
  int64_t n = sb_store_get(key, value, sizeof value);
  sb_buf line = sb_room(line_room);
  sb_write(&line, "recall ", key, ": ");
  if (n < 0)
    sb_put(&line, n);
  else
    sb_put(&line, ((sb_str){value, n < (int64_t)sizeof value ? (uint32_t)n : sizeof value}));
  sb_log(out, SB_LEVEL_INFO, sb_done(line));
}

static void operator_acted(sb_event e, sb_commands *out) {
  sb_str rest = sb_operator_acted_what(e), what = word(&rest);
  if (sb_eq(what, SB("keep"))) {
    sb_str key = word(&rest);
    sb_buf line = sb_room(line_room);
    sb_write(&line, "keep ", key, ": ", sb_store_put(key, rest));
    sb_log(out, SB_LEVEL_INFO, sb_done(line));
  } else if (sb_eq(what, SB("recall"))) {
    recall(rest, out);
  } else if (sb_eq(what, SB("fail"))) {
    sb_str key = word(&rest);
    sb_store_put(key, rest);
    sb_fail("told to fail");
  } else if (sb_eq(what, SB("powers"))) {
    sb_timer(out, 1, 1500);
    sb_fetch(out, 2, SB("POST"), SB("https://a.example/b"), SB("Accept: text/plain"), SB("what is sent"));
    sb_ask(out, 3, SB("be kind"), SB("hello"), SB("{}"), 100);
  }
}

static const char *yes(bool b) { return b ? "true" : "false"; }

static void answered(sb_event e, sb_commands *out) {
  sb_buf line = sb_room(line_room);
  switch (sb_kind(e)) {
    case SB_TIMER_FIRED:
      sb_put(&line, sb_timer_fired_token(e));
      sb_text(out, SB("timer"), sb_done(line));
      break;
    case SB_FETCH_ANSWERED:
      sb_write(&line, sb_fetch_answered_token(e), " ", yes(sb_fetch_answered_ok(e)), " ", sb_fetch_answered_status(e), " ");
      sb_write(&line, sb_fetch_answered_type(e), " ", sb_fetch_answered_body(e), " ", sb_fetch_answered_reason(e));
      sb_text(out, SB("fetch"), sb_done(line));
      break;
    case SB_MODEL_ANSWERED:
      sb_write(&line, sb_model_answered_token(e), " ", yes(sb_model_answered_ok(e)), " ", sb_model_answered_text(e), " ");
      sb_write(&line, sb_model_answered_tokens(e), " ", sb_model_answered_reason(e));
      sb_text(out, SB("ask"), sb_done(line));
      break;
    case SB_POWER_DENIED:
      sb_write(&line, sb_power_denied_token(e), " ", sb_power_denied_power(e), " ", sb_power_denied_reason(e));
      sb_text(out, SB("denied"), sb_done(line));
  }
}

static void handle(sb_event e, sb_commands *out) {
  switch (sb_kind(e)) {
    case SB_BID_ACCEPTED: bid_accepted(e, out); break;
    case SB_POST_RECEIVED: post_received(e, out); break;
    case SB_CLOCK_TICKED: clock_ticked(e, out); break;
    case SB_OPERATOR_ACTED: operator_acted(e, out); break;
    default: answered(e, out);
  }
}

static sb_str save(void) { return (sb_str){(const char *)&bids, sizeof bids}; }

static sb_str restore(sb_str state) {
  if (state.len != sizeof bids) {
    sb_buf line = sb_room(line_room);
    sb_write(&line, "state of ", state.len, " bytes, want 8");
    return sb_done(line);
  }
  __builtin_memcpy(&bids, state.ptr, sizeof bids);
  return (sb_str){0};
}

/* Takes the state of a version whose count had four bytes. */
static sb_str migrate(uint32_t version, sb_str state) {
  if (version != 1 || state.len != 4) {
    sb_buf line = sb_room(line_room);
    sb_write(&line, "state of version ", version, " and ", state.len, " bytes, want 1 and 4");
    return sb_done(line);
  }
  bids = sb_load4((const uint8_t *)state.ptr);
  return (sb_str){0};
}

const sb_plugin sothebais_plugin = {
  .needs = SB_NEEDS_STORE | SB_NEEDS_POWERS,
  .configure = configure,
  .handle = handle,
  .save = save,
  .restore = restore,
  .migrate = migrate,
};
