/* Chooses the scene, without nervousness. What it does is written down, for every language, in
 * sdk/tck/examples/README.md. */
#define SOTHEBAIS_IMPLEMENTATION
#include "sothebais.h"

#include "lines.h"

/* The timers, by token. */
enum {
  AFTER = 1, /* a sale has been admired long enough */
  LULL,      /* nobody has bid for a while */
  HOLD,      /* somebody else's scene has stood long enough */
  PAST_TOKENS,
};

enum { AFTER_MS = 6000, LULL_MS = 45000, HOLD_MS = 30000, LEAST_MS = 5000 /* that a scene stays when bids come and go */ };

/* Heat: what a bid adds, what a second takes, and the two marks between which nothing changes. */
enum { HEAT_OF_BID = 20, HEAT_LOST = 4, HOT = 60, COOL = 20, MOST_HEAT = 100 };

/* Posts a minute at which the chat comes and goes, and for how many ticks that must be so. */
enum { BUSY_POSTS = 120, CALM_POSTS = 60, BUSY_TICKS = 3, CALM_TICKS = 5 };

typedef struct {
  uint32_t len;
  char text[SB_MAX_STRING_BYTES];
} name;

typedef struct {
  name want;       /* scene that the rules want */
  name asked;      /* scene that is, or will be, on program */
  int64_t changed; /* when it last asked */
  int64_t heat, busy, calm;
  bool chat, held, told;
  int64_t due[PAST_TOKENS]; /* by token; 0 for not at all */
} pacer;

static pacer now, next;

static sb_str text_of(const name *n) { return (sb_str){n->text, n->len}; }

static void set_name(name *n, sb_str s) {
  if (s.ptr != n->text) __builtin_memcpy(n->text, s.ptr, s.len);
  n->len = s.len;
}

static bool wants(sb_str scene) { return sb_eq(text_of(&now.want), scene); }

static void set(int64_t at, unsigned token, int64_t millis, sb_commands *out) {
  now.due[token] = at + millis;
  sb_timer(out, token, millis);
}

static void cancel(unsigned token, sb_commands *out) {
  if (now.due[token] == 0) return;
  now.due[token] = 0;
  sb_timer(out, token, 0);
}

static void go(int64_t at, sb_str scene, sb_str transition, int64_t millis, sb_commands *out) {
  set_name(&now.want, scene);
  if (now.held || sb_eq(text_of(&now.asked), scene)) return;
  set_name(&now.asked, scene);
  now.changed = at;
  sb_scene(out, scene, transition, millis);
}

static void cut_to(int64_t at, sb_str scene, sb_commands *out) { go(at, scene, SB("cut"), 0, out); }
static void fade_to(int64_t at, sb_str scene, int64_t millis, sb_commands *out) { go(at, scene, SB("fade"), millis, out); }

static void what_is_due(int64_t at, sb_commands *out) {
  for (unsigned token = AFTER; token < PAST_TOKENS; token++) {
    if (now.due[token] == 0 || now.due[token] > at) continue;
    now.due[token] = 0;
    if (token == AFTER) fade_to(at, SB("intermission"), 800, out);
    if (token == LULL && wants(SB("lot"))) fade_to(at, SB("gallery"), 800, out);
    if (token == HOLD) {
      now.held = false;
      if (now.want.len > 0) fade_to(at, text_of(&now.want), 400, out);
    }
  }
}

static void bid(int64_t at, sb_commands *out) {
  now.heat = now.heat + HEAT_OF_BID < MOST_HEAT ? now.heat + HEAT_OF_BID : MOST_HEAT;
  set(at, LULL, LULL_MS, out);
  if (wants(SB("gallery"))) cut_to(at, SB("lot"), out);
  if (now.heat >= HOT && wants(SB("lot")) && at - now.changed >= LEAST_MS) cut_to(at, SB("duel"), out);
}

static void set_chat(bool on, sb_commands *out) {
  now.chat = on;
  sb_show(out, SB("chat"), on);
}

static void tick(int64_t at, int64_t posts, sb_commands *out) {
  now.heat = now.heat > HEAT_LOST ? now.heat - HEAT_LOST : 0;
  if (now.heat <= COOL && wants(SB("duel")) && at - now.changed >= LEAST_MS) fade_to(at, SB("lot"), 400, out);
  now.busy = posts >= BUSY_POSTS ? now.busy + 1 : 0;
  now.calm = posts < CALM_POSTS ? now.calm + 1 : 0;
  if (!now.chat && now.busy >= BUSY_TICKS)
    set_chat(true, out);
  else if (now.chat && now.calm >= CALM_TICKS)
    set_chat(false, out);
}

static char line_room[SB_MAX_STRING_BYTES + 64];

static void scene_shown(sb_event e, int64_t at, sb_commands *out) {
  sb_buf scene = sb_room(line_room);
  lines_clean(&scene, sb_scene_shown_scene(e));
  if (sb_eq(sb_done(scene), text_of(&now.asked))) return;
  now.held = true;
  set_name(&now.asked, sb_done(scene));
  set(at, HOLD, HOLD_MS, out);
}

static void denied(sb_event e, sb_commands *out) {
  if (!sb_eq(sb_power_denied_power(e), SB("timer")) || now.told) return;
  now.told = true;
  sb_buf line = sb_room(line_room);
  sb_put(&line, "no timers: ");
  lines_clean(&line, sb_power_denied_reason(e));
  sb_log(out, SB_LEVEL_WARN, sb_done(line));
}

static void handle(sb_event e, sb_commands *out) {
  int64_t at = sb_at(e);
  what_is_due(at, out);
  switch (sb_kind(e)) {
    case SB_SESSION_OPENED: fade_to(at, SB("welcome"), 800, out); break;
    case SB_LOT_OPENED:
      cancel(AFTER, out);
      now.heat = 0;
      fade_to(at, SB("lot"), 400, out);
      set(at, LULL, LULL_MS, out);
      break;
    case SB_BID_ACCEPTED: bid(at, out); break;
    case SB_CLOCK_TICKED: tick(at, sb_clock_ticked_posts_a_minute(e), out); break;
    case SB_LOT_SOLD:
      cancel(LULL, out);
      cut_to(at, SB("sold"), out);
      set(at, AFTER, AFTER_MS, out);
      break;
    case SB_LOT_UNSOLD:
      cancel(LULL, out);
      fade_to(at, SB("intermission"), 800, out);
      break;
    case SB_LOT_PAUSED:
      cancel(LULL, out);
      fade_to(at, SB("break"), 400, out);
      break;
    case SB_LOT_RESUMED:
      fade_to(at, SB("lot"), 400, out);
      set(at, LULL, LULL_MS, out);
      break;
    case SB_SCENE_SHOWN: scene_shown(e, at, out); break;
    case SB_POWER_DENIED: denied(e, out); break;
    case SB_SESSION_CLOSED:
      cancel(AFTER, out);
      cancel(LULL, out);
      fade_to(at, SB("goodbye"), 800, out);
  }
}

static char state_room[sizeof now + 1024];

static sb_str save(void) {
  sb_buf b = sb_room(state_room);
  sb_put(&b, "pacer 1\n");
  lines_text(&b, "want", text_of(&now.want));
  lines_text(&b, "asked", text_of(&now.asked));
  lines_int(&b, "changed", now.changed);
  lines_int(&b, "heat", now.heat);
  lines_int(&b, "busy", now.busy);
  lines_int(&b, "calm", now.calm);
  lines_int(&b, "chat", now.chat);
  lines_int(&b, "held", now.held);
  lines_int(&b, "told", now.told);
  for (unsigned token = AFTER; token < PAST_TOKENS; token++)
    if (now.due[token] > 0) sb_write(&b, "due ", token, " ", now.due[token], "\n");
  return sb_done(b);
}

static bool take(sb_str key, sb_str value) {
  if (sb_eq(key, SB("want"))) return lines_take_text(value, next.want.text, &next.want.len);
  if (sb_eq(key, SB("asked"))) return lines_take_text(value, next.asked.text, &next.asked.len);
  if (sb_eq(key, SB("changed"))) return lines_take_int(value, &next.changed);
  if (sb_eq(key, SB("heat"))) return lines_take_int(value, &next.heat);
  if (sb_eq(key, SB("busy"))) return lines_take_int(value, &next.busy);
  if (sb_eq(key, SB("calm"))) return lines_take_int(value, &next.calm);
  if (sb_eq(key, SB("chat"))) return lines_take_flag(value, &next.chat);
  if (sb_eq(key, SB("held"))) return lines_take_flag(value, &next.held);
  if (sb_eq(key, SB("told"))) return lines_take_flag(value, &next.told);
  if (!sb_eq(key, SB("due")) || value.len < 3 || value.ptr[1] != ' ') return false;
  unsigned token = (unsigned)(value.ptr[0] - '0');
  return token >= AFTER && token < PAST_TOKENS && lines_take_int(sb_cut(value, 2, value.len), &next.due[token]);
}

static sb_str restore(sb_str state) {
  __builtin_memset(&next, 0, sizeof next);
  sb_str error = lines_read("pacer", state, take);
  if (error.len == 0) now = next;
  return error;
}

const sb_plugin sothebais_plugin = {.needs = SB_NEEDS_POWERS, .handle = handle, .save = save, .restore = restore};
