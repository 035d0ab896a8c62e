/* What scripts ask of the show: methods that write flat records, and the store. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "v1_gen.h"

enum { BATCH_HEADER = 8, HEADER = 16, SLOT = 8, KINDS = sizeof commands / sizeof *commands, CHAT = 30, MAX_FIELDS = 8 };

static uint8_t *buf;
static size_t len, room;
static uint32_t count, cause;
static bool listening;

void command_reset(void) { len = BATCH_HEADER, count = cause = 0, listening = false; }
void command_cause(uint32_t event) { cause = event, listening = true; }

uint64_t command_packed(void) {
  listening = false;
  if (count == 0) return 0;
  uint32_t head[2] = {count, len};
  memcpy(buf, head, sizeof head);
  return (uint64_t)(uintptr_t)buf << 32 | len;
}

static uint8_t *grow(JSContext *ctx, size_t n) {
  if (len + n > room) {
    size_t want = room ? room : 4096;
    while (want < len + n) want *= 2;
    uint8_t *bigger = realloc(buf, want);
    if (!bigger) {
      JS_ThrowOutOfMemory(ctx);
      return NULL;
    }
    buf = bigger, room = want;
  }
  uint8_t *at = buf + len;
  memset(at, 0, n);
  len += n;
  return at;
}

void valid_utf8(char *s, size_t n) {
  for (size_t i = 0; i + 2 < n; i++)
    if ((uint8_t)s[i] == 0xed && (uint8_t)s[i + 1] >= 0xa0) memcpy(s + i, "\xef\xbf\xbd", 3);
}

size_t cut(const char *s, size_t n, size_t most) {
  if (n <= most) return n;
  for (n = most; n > 0 && (s[n] & 0xc0) == 0x80;) n--;
  return n;
}

/* write_string appends a text and gives its slot. */
static int write_string(JSContext *ctx, JSValueConst text, size_t start, uint64_t *slot) {
  size_t n;
  const char *s = JS_ToCStringLen(ctx, &n, text);
  if (!s) return -1;
  n = cut(s, n, MAX_STRING_BYTES);
  uint64_t offset = len - start;
  uint8_t *at = grow(ctx, n);
  if (at) {
    memcpy(at, s, n);
    valid_utf8((char *)at, n);
    *slot = offset | (uint64_t)n << 32;
  }
  JS_FreeCString(ctx, s);
  return at ? 0 : -1;
}

/* outside throws for what a slot without a sign does not hold: made to fit, a token would be that of something else. */
static int outside(JSContext *ctx, const char *command, const char *name, const char *number) {
  JS_ThrowRangeError(ctx, "show.%s: %s wants a whole number from 0 to 18446744073709551615, not %s", command, name, number);
  return -1;
}

/* big_integer reads the digits, because QuickJS itself only gives the last 64 bits of a BigInt. */
static int big_integer(JSContext *ctx, JSValueConst v, enum type type, const char *command, const char *name, uint64_t *out) {
  const char *s = JS_ToCString(ctx, v);
  if (!s) return -1;
  bool minus = *s == '-', fits = type != U64 || !minus;
  uint64_t n = 0, most = type != U64 ? (uint64_t)INT64_MAX + minus : UINT64_MAX;
  for (const char *p = s + minus; *p; p++) {
    uint64_t digit = *p - '0';
    if (digit > most || n > (most - digit) / 10) {
      n = most;
      if (type == U64) fits = false;
      break;
    }
    n = n * 10 + digit;
  }
  int err = fits ? 0 : outside(ctx, command, name, s);
  JS_FreeCString(ctx, s);
  *out = minus ? -n : n;
  return err;
}

/* to_integer takes numbers and BigInts. With a sign, what does not fit becomes the nearest that does: the host brings such
   numbers into narrower bounds anyway. */
static int to_integer(JSContext *ctx, JSValueConst v, enum type type, const char *command, const char *name, uint64_t *out) {
  if (JS_IsBigInt(ctx, v)) return big_integer(ctx, v, type, command, name, out);
  double d;
  if (JS_ToFloat64(ctx, &d, v)) return -1;
  if (isnan(d)) return JS_ThrowTypeError(ctx, "show.%s: %s is NaN; want a number", command, name), -1;
  d = trunc(d);
  if (type == U64 && (d < 0 || d >= 0x1p64)) {
    const char *s = JS_ToCString(ctx, JS_NewFloat64(ctx, d));
    int err = s ? outside(ctx, command, name, s) : -1;
    JS_FreeCString(ctx, s);
    return err;
  }
  *out = type == U64 ? (uint64_t)d : (uint64_t)(d <= -0x1p63 ? INT64_MIN : d >= 0x1p63 ? INT64_MAX : (int64_t)d);
  return 0;
}

/* read_argument gives what goes into a slot, or the text that does. A value may run the script's own toString for that,
   and ask for something itself, so no record may be open meanwhile. */
static int read_argument(JSContext *ctx, const char *command, const struct field *f, JSValueConst v, uint64_t *slot, JSValue *text) {
  *slot = 0;
  *text = JS_UNDEFINED;
  if (JS_IsUndefined(v)) {
    if (!strcmp(f->name, "priority")) *slot = CHAT;
    return 0;
  }
  if (f->type == STRING) {
    *text = JS_ToString(ctx, v);
    return JS_IsException(*text) ? -1 : 0;
  }
  if (f->type != BOOL) return to_integer(ctx, v, f->type, command, f->name, slot);
  int flag = JS_ToBool(ctx, v);
  *slot = flag > 0;
  return flag < 0 ? -1 : 0;
}

/* write_command appends a record of its slots and texts. */
static int write_command(JSContext *ctx, int kind, uint64_t *slots, JSValueConst *texts) {
  int fields = commands[kind].count;
  size_t start = len;
  if (!grow(ctx, HEADER + SLOT * fields)) return -1;
  for (int i = 0; i < fields; i++)
    if (!JS_IsUndefined(texts[i]) && write_string(ctx, texts[i], start, &slots[i])) return len = start, -1;
  memcpy(buf + start + HEADER, slots, SLOT * fields);
  if (!grow(ctx, -len & 7)) return len = start, -1;
  uint32_t head[3] = {len - start, kind | fields << 16, cause};
  memcpy(buf + start, head, sizeof head);
  count++;
  return 0;
}

static JSValue ask(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int kind) {
  const struct record *c = &commands[kind];
  if (!listening) return JS_ThrowTypeError(ctx, "show.%s is for handlers: what is asked for belongs to an event", c->name);
  uint64_t slots[MAX_FIELDS];
  JSValue texts[MAX_FIELDS];
  int n = 0, err = 0;
  for (; n < c->count && !err; n++) err = read_argument(ctx, c->name, &c->fields[n], n < argc ? argv[n] : JS_UNDEFINED, &slots[n], &texts[n]);
  if (!err) err = write_command(ctx, kind, slots, texts);
  while (n > 0) JS_FreeValue(ctx, texts[--n]);
  return err ? JS_EXCEPTION : JS_UNDEFINED;
}

/* random gives a whole number from 0 to n-1, seeded by the event: the first of an event is the same in every SDK. */
static JSValue random_below(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  uint64_t n;
  if (to_integer(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, I64, "random", "n", &n)) return JS_EXCEPTION;
  return JS_NewInt64(ctx, (int64_t)n > 0 ? next_random() % n : 0);
}

#define IMPORT(name) __attribute__((import_module("sothebais_v1"), import_name(name)))
IMPORT("store_get") int64_t store_get(const char *key, uint32_t key_len, void *value, uint32_t room);
IMPORT("store_put") int64_t store_put(const char *key, uint32_t key_len, const void *value, uint32_t len);

/* get gives the text under a key, undefined when there is none. */
static JSValue get(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  size_t n;
  const char *key = JS_ToCStringLen(ctx, &n, argc > 0 ? argv[0] : JS_UNDEFINED);
  if (!key) return JS_EXCEPTION;
  char small[256], *value = small;
  int64_t len = store_get(key, n, small, sizeof small);
  if (len > (int64_t)sizeof small && (value = js_malloc(ctx, len))) store_get(key, n, value, len);
  JS_FreeCString(ctx, key);
  if (!value) return JS_EXCEPTION;
  JSValue out = len < 0 ? JS_UNDEFINED : JS_NewStringLen(ctx, value, len);
  if (value != small) js_free(ctx, value);
  return out;
}

/* why says why get gives undefined: 0 when it gives a text. */
static JSValue why(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  size_t n;
  const char *key = JS_ToCStringLen(ctx, &n, argc > 0 ? argv[0] : JS_UNDEFINED);
  if (!key) return JS_EXCEPTION;
  int64_t result = store_get(key, n, NULL, 0);
  JS_FreeCString(ctx, key);
  return JS_NewInt64(ctx, result < 0 ? result : 0);
}

/* put keeps a text under a key, or deletes it when there is none, and gives 0 or what hinders it. */
static JSValue put(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  size_t n, len = 0;
  const char *key = JS_ToCStringLen(ctx, &n, argc > 0 ? argv[0] : JS_UNDEFINED), *value = NULL;
  if (!key) return JS_EXCEPTION;
  if (argc > 1 && !JS_IsUndefined(argv[1]) && !(value = JS_ToCStringLen(ctx, &len, argv[1]))) {
    JS_FreeCString(ctx, key);
    return JS_EXCEPTION;
  }
  if (value) valid_utf8((char *)value, len); /* who has halves of pairs is a copy that QuickJS made */
  int64_t result = store_put(key, n, value, len);
  JS_FreeCString(ctx, key);
  if (value) JS_FreeCString(ctx, value);
  return JS_NewInt64(ctx, result);
}

static JSValue store_object(JSContext *ctx) {
  JSValue store = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, store, "get", JS_NewCFunction(ctx, get, "get", 1));
  JS_SetPropertyStr(ctx, store, "put", JS_NewCFunction(ctx, put, "put", 2));
  JS_SetPropertyStr(ctx, store, "why", JS_NewCFunction(ctx, why, "why", 1));
  return store;
}

JSValue command_object(JSContext *ctx) {
  JSValue show = JS_NewObject(ctx);
  for (int k = 1; k < KINDS; k++)
    JS_DefinePropertyValueStr(ctx, show, commands[k].name, JS_NewCFunctionMagic(ctx, ask, commands[k].name, commands[k].count, JS_CFUNC_generic_magic, k), 0);
  JS_DefinePropertyValueStr(ctx, show, "random", JS_NewCFunction(ctx, random_below, "random", 1), 0);
  JS_DefinePropertyValueStr(ctx, show, "store", store_object(ctx), 0);
  command_reset();
  return show;
}
