/* A plugin written in JavaScript: QuickJS, and the exports of the contract. docs/plugin-abi.md says what each must do. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "engine.h"

#define EXPORT(name) __attribute__((export_name(name)))

enum {
  STACK = 256 << 10,           /* as linked; see build.sh */
  SCRIPT_STACK = STACK - 56 * 1024, /* what is left is for the engine's own calls */
  BATCH_HEADER = 8,
  MAX_WORDS = 4096,
  STORE = 1, POWERS = 2, /* features */
};

/* The name of the script in positions; the host turns them into those of the author's files. */
#define SCRIPT "bundle.js"

static const char v1_source[] = {
#embed "../../sdk/js/v1.js"
    , 0};
static const char plugin_source[] = {
#embed "../../sdk/js/plugin.js"
    , 0};

struct moment now;

static JSContext *ctx;
static JSValue show, start_function, playing, handlers[64];
static uint8_t *input, *output;
static char words[MAX_WORDS];

/* --- the outside, made a function of the event --- */

/* QuickJS is compiled to ask this for the time. */
int event_time(struct timeval *tv, void *zone) {
  tv->tv_sec = now.at / 1000, tv->tv_usec = now.at % 1000 * 1000;
  return 0;
}

uint64_t next_random(void) {
  uint64_t z = now.seed += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static void stand_at(uint64_t seq, int64_t at) { now.at = at, now.seed = seq * 0x9e3779b97f4a7c15; }

static JSValue math_random(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
  return JS_NewFloat64(c, (double)(next_random() >> 11) * 0x1p-53);
}

/* print writes a line to the log of the program. */
static JSValue print(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
  size_t n;
  const char *s = JS_ToCStringLen(c, &n, argc > 0 ? argv[0] : JS_UNDEFINED);
  if (!s) return JS_EXCEPTION;
  write(1, s, cut(s, n, 1023));
  write(1, "\n", 1);
  JS_FreeCString(c, s);
  return JS_UNDEFINED;
}

/* --- memory, counted so that the collector runs when it should --- */

static void *counted_malloc(JSMallocState *s, size_t n) {
  void *p = malloc(n);
  if (p) s->malloc_count++, s->malloc_size += malloc_usable_size(p);
  return p;
}

static void counted_free(JSMallocState *s, void *p) {
  if (!p) return;
  s->malloc_count--, s->malloc_size -= malloc_usable_size(p);
  free(p);
}

static void *counted_realloc(JSMallocState *s, void *p, size_t n) {
  if (!p) return n ? counted_malloc(s, n) : NULL;
  if (!n) return counted_free(s, p), NULL;
  size_t old = malloc_usable_size(p);
  p = realloc(p, n);
  if (p) s->malloc_size += malloc_usable_size(p) - old;
  return p;
}

static size_t counted_size(const void *p) { return malloc_usable_size((void *)p); }

static const JSMallocFunctions counted = {counted_malloc, counted_free, counted_realloc, counted_size};

/* --- errors, in the author's terms --- */

static size_t add(size_t n, const char *s, size_t len) {
  if (len > MAX_WORDS - 1 - n) len = cut(s, len, MAX_WORDS - 1 - n);
  memcpy(words + n, s, len);
  words[n + len] = 0;
  return n + len;
}

static size_t add_value(size_t n, JSValue v) {
  size_t len;
  const char *s = JS_ToCStringLen(ctx, &len, v);
  if (s) {
    n = add(n, s, len);
    JS_FreeCString(ctx, s);
  } else {
    JS_FreeValue(ctx, JS_GetException(ctx));
  }
  JS_FreeValue(ctx, v);
  return n;
}

/* explain writes what was thrown into words: the message and the place on one line, the stack below. */
static size_t explain(JSValue thrown) {
  size_t n = add_value(0, JS_DupValue(ctx, thrown));
  if (n == 0) n = add(0, "something was thrown that has no text", 37);
  for (size_t i = 0; i < n; i++)
    if (words[i] == '\n' || words[i] == '\r') words[i] = ' ';
  size_t message = n;
  if (JS_IsError(ctx, thrown)) {
    n = add_value(add(n, "\n", 1), JS_GetPropertyStr(ctx, thrown, "stack"));
    const char *place = strstr(words + message, SCRIPT ":");
    if (place) { /* the first frame of the script itself; those of the engine say nothing to its author */
      const char *from = place;
      while (from > words + message && from[-1] != '\n') from--;
      while (*from == ' ') from++;
      char frame[256];
      snprintf(frame, sizeof frame, " %.*s", (int)strcspn(from, "\n"), from);
      size_t len = strlen(frame), rest = n - message;
      if (n + len < MAX_WORDS) {
        memmove(words + message + len, words + message, rest + 1);
        memcpy(words + message, frame, len);
        n += len;
      }
    }
  }
  JS_FreeValue(ctx, thrown);
  valid_utf8(words, n);
  while (n > 0 && words[n - 1] == '\n') words[--n] = 0;
  return n;
}

static uint64_t packed(const void *p, size_t n) { return (uint64_t)(uintptr_t)p << 32 | n; }

/* refuse gives what was thrown as the error text of configure, restore or migrate. */
static uint64_t refuse(void) { return packed(words, explain(JS_GetException(ctx))); }

/* die ends the call: the host takes the last words for the reason. */
static _Noreturn void die(void) {
  write(2, words, explain(JS_GetException(ctx)));
  __builtin_trap();
}

/* --- running scripts --- */

/* Promises that were rejected while nobody waited for them. */
enum { MAX_UNHEARD = 16 };
static struct { JSValue promise, reason; } unheard[MAX_UNHEARD];
static int unheard_count;

static void forget(int i) {
  JS_FreeValue(ctx, unheard[i].promise);
  JS_FreeValue(ctx, unheard[i].reason);
  memmove(&unheard[i], &unheard[i + 1], (--unheard_count - i) * sizeof *unheard);
}

static void rejected(JSContext *c, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled, void *opaque) {
  if (!is_handled) {
    if (unheard_count == MAX_UNHEARD) return; /* one of them is told */
    unheard[unheard_count].promise = JS_DupValue(c, promise);
    unheard[unheard_count++].reason = JS_DupValue(c, reason);
    return;
  }
  for (int i = 0; i < unheard_count; i++)
    if (JS_VALUE_GET_PTR(unheard[i].promise) == JS_VALUE_GET_PTR(promise)) return forget(i);
}

/* finish runs what a script left for later, and throws for a promise that came to nothing. */
static int finish(JSValue result) {
  if (JS_IsException(result)) return -1;
  JSContext *c;
  int err;
  while ((err = JS_ExecutePendingJob(JS_GetRuntime(ctx), &c)) > 0) {
  }
  if (err == 0 && JS_IsObject(result)) {
    JSPromiseStateEnum state = JS_PromiseState(ctx, result);
    if (state == JS_PROMISE_REJECTED) {
      JS_Throw(ctx, JS_PromiseResult(ctx, result));
      err = -1;
    } else if (state == JS_PROMISE_PENDING) {
      JS_ThrowTypeError(ctx, "waits for a promise that nothing resolves; answers of fetch, ask and timer come as events");
      err = -1;
    }
  }
  JS_FreeValue(ctx, result);
  if (err == 0 && unheard_count > 0) { /* what went wrong in a promise that nobody looks at would be lost */
    JS_Throw(ctx, JS_DupValue(ctx, unheard[0].reason));
    err = -1;
  }
  while (unheard_count > 0) forget(unheard_count - 1);
  return err < 0 ? -1 : 0;
}

static JSModuleDef *load_module(JSContext *c, const char *name, void *opaque) {
  const char *text = v1_source;
  if (strcmp(name, "v1.js")) return JS_ThrowReferenceError(c, "there is no module %s", name), NULL;
  JSValue m = JS_Eval(c, text, strlen(text), name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(m)) return NULL;
  JSModuleDef *def = JS_VALUE_GET_PTR(m);
  JS_FreeValue(c, m);
  return def;
}

/* The part of the SDK that a plugin needs while it plays is the same here and under node. */
static int load_sdk(JSValue global) {
  JSValue m = JS_Eval(ctx, plugin_source, strlen(plugin_source), "plugin.js", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(m)) return -1;
  JSModuleDef *def = JS_VALUE_GET_PTR(m);
  if (finish(JS_EvalFunction(ctx, m))) return -1;
  JSValue sdk = JS_GetModuleNamespace(ctx, def);
  start_function = JS_GetPropertyStr(ctx, sdk, "start");
  event_inherit(ctx, JS_GetPropertyStr(ctx, sdk, "eventPrototype"));
  JS_DefinePropertyValueStr(ctx, global, "sothebais", sdk, 0);
  return 0;
}

EXPORT("sothebais_abi_v1") uint64_t features(uint64_t host) {
  JSRuntime *rt = JS_NewRuntime2(&counted, NULL);
  JS_SetMaxStackSize(rt, SCRIPT_STACK);
  JS_UpdateStackTop(rt);
  JS_SetModuleLoaderFunc(rt, NULL, load_module, NULL);
  JS_SetHostPromiseRejectionTracker(rt, rejected, NULL);
  ctx = JS_NewContextRaw(rt);
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicDate(ctx);
  JS_AddIntrinsicEval(ctx);
  JS_AddIntrinsicStringNormalize(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicProxy(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  event_init(ctx);
  JSValue global = JS_GetGlobalObject(ctx), math = JS_GetPropertyStr(ctx, global, "Math");
  JS_SetPropertyStr(ctx, math, "random", JS_NewCFunction(ctx, math_random, "random", 0));
  JS_FreeValue(ctx, math);
  show = command_object(ctx);
  JS_SetPropertyStr(ctx, global, "print", JS_NewCFunction(ctx, print, "print", 1));
  if (load_sdk(global)) die();
  JS_FreeValue(ctx, global);
  return STORE | POWERS;
}

EXPORT("alloc") void *allocate(uint32_t n) {
  free(input);
  return input = malloc(n);
}

static JSValue call_method(JSValueConst object, const char *name, int argc, JSValueConst *argv) {
  JSValue f = JS_GetPropertyStr(ctx, object, name), out = JS_Call(ctx, f, object, argc, argv);
  JS_FreeValue(ctx, f);
  return out;
}

static int read_script(const uint8_t *p, uint32_t n) {
  uint32_t head;
  if (n < sizeof head || (memcpy(&head, p, sizeof head), head > n - sizeof head)) return JS_ThrowTypeError(ctx, "no script"), -1;
  char *text = strndup((const char *)p + sizeof head, n - sizeof head); /* QuickJS wants a zero behind it */
  JSValue options = JS_UNDEFINED, args[3];
  if (!text) return JS_ThrowOutOfMemory(ctx), -1;
  char first = text[head];
  text[head] = 0;
  options = JS_ParseJSON(ctx, text, head, "options");
  text[head] = first;
  int err = -1;
  if (!JS_IsException(options) && !finish(JS_Eval(ctx, text + head, n - sizeof head - head, SCRIPT, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT))) {
    JSValue global = JS_GetGlobalObject(ctx);
    args[0] = JS_GetPropertyStr(ctx, global, "plugin"), args[1] = options, args[2] = show;
    playing = JS_Call(ctx, start_function, JS_UNDEFINED, 3, args);
    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, global);
    err = finish(JS_DupValue(ctx, playing)); /* configure may have left something for later */
  }
  JS_FreeValue(ctx, options);
  free(text);
  return err;
}

EXPORT("configure") uint64_t configure(const uint8_t *p, uint32_t n) {
  stand_at(0, now.at);
  if (read_script(p, n)) return refuse();
  JSValue list = JS_GetPropertyStr(ctx, playing, "handlers");
  for (int i = 1; i < event_kinds() && i < 64; i++) handlers[i] = JS_GetPropertyStr(ctx, list, event_name(i));
  JS_FreeValue(ctx, list);
  return 0;
}

static void handle(uint8_t *record) {
  uint64_t head[3];
  memcpy(head, record, sizeof head);
  unsigned kind = head[0] >> 32 & 0xffff;
  if (kind >= (unsigned)event_kinds() || kind >= 64 || !JS_IsFunction(ctx, handlers[kind])) return;
  stand_at(head[1], (int64_t)head[2]);
  JSValue event = event_new(ctx, record), args[2] = {event, show};
  if (JS_IsException(event)) die();
  JSValue out = JS_Call(ctx, handlers[kind], JS_UNDEFINED, 2, args);
  if (finish(out)) die();
  event_leave(ctx, event);
}

EXPORT("handle_batch") uint64_t handle_batch(uint8_t *p, uint32_t n) {
  command_reset();
  uint32_t count, size;
  memcpy(&count, p, sizeof count);
  p += BATCH_HEADER;
  for (uint32_t i = 0; i < count; i++, p += size) {
    memcpy(&size, p, sizeof size);
    command_cause(i);
    handle(p);
  }
  return command_packed();
}

EXPORT("save") uint64_t save(void) {
  stand_at(0, now.at);
  command_cause(0); /* a state is not lost for a line that nobody will hear */
  JSValue state = call_method(playing, "save", 0, NULL);
  if (JS_IsException(state)) die();
  command_reset();
  size_t n, size, offset, unit;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, state, &offset, &n, &unit);
  const uint8_t *from = NULL;
  const char *text = NULL;
  if (JS_IsException(buffer)) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    from = (const uint8_t *)(text = JS_ToCStringLen(ctx, &n, state));
  } else {
    from = JS_GetArrayBuffer(ctx, &size, buffer);
    if (from) from += offset;
  }
  if (!from) die();
  free(output);
  output = malloc(n + 1);
  if (!output) JS_ThrowOutOfMemory(ctx), die();
  memcpy(output, from, n);
  if (text) {
    valid_utf8((char *)output, n);
    JS_FreeCString(ctx, text);
  }
  JS_FreeValue(ctx, buffer);
  JS_FreeValue(ctx, state);
  return n ? packed(output, n) : 0;
}

/* take gives a state to restore or migrate, as bytes and as text. */
static uint64_t take(const char *method, uint32_t version, const uint8_t *p, uint32_t n) {
  JSValue bytes = JS_NewArrayBufferCopy(ctx, p, n);
  JSValue args[3] = {bytes, JS_NewStringLen(ctx, (const char *)p, n), JS_NewUint32(ctx, version)};
  JSValue out = call_method(playing, method, 3, args);
  JS_FreeValue(ctx, args[0]);
  JS_FreeValue(ctx, args[1]);
  return finish(out) ? refuse() : 0;
}

EXPORT("restore") uint64_t restore(const uint8_t *p, uint32_t n) {
  stand_at(0, now.at);
  return take("restore", 0, p, n);
}

EXPORT("migrate") uint64_t migrate(uint32_t version, const uint8_t *p, uint32_t n) {
  stand_at(0, now.at);
  return take("migrate", version, p, n);
}
