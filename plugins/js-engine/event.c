/* Events as scripts see them: plain objects whose fields are read from the record when they are asked for. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "v1_gen.h"

enum { HEADER = 24, SLOT = 8, COMMON = 3, KINDS = sizeof events / sizeof *events };

/* common are the fields that every event has, before its own. */
static const char *const common[COMMON] = {"kind", "seq", "at"};

static JSClassID class_id;
static JSAtom common_atoms[COMMON], *atoms[KINDS];
static JSValue names[KINDS];

int event_kinds(void) { return KINDS; }
const char *event_name(int kind) { return events[kind].name; }

/* The opaque of a view is the address of its record; the lowest bit says that the view owns it. */
static uint8_t *record_of(JSValueConst v) { return (uint8_t *)((uintptr_t)JS_GetOpaque(v, class_id) & ~(uintptr_t)1); }

static uint64_t read_u64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static int kind_of(const uint8_t *record) { return record[4] | record[5] << 8; }

/* number gives a BigInt for what a number does not hold to the last digit. */
static JSValue number(JSContext *ctx, uint64_t v) { return v < 1ull << 53 ? JS_NewInt64(ctx, (int64_t)v) : JS_NewBigUint64(ctx, v); }
static JSValue signed_number(JSContext *ctx, int64_t v) { return v < 1ll << 53 && v > -(1ll << 53) ? JS_NewInt64(ctx, v) : JS_NewBigInt64(ctx, v); }

static JSValue read_common(JSContext *ctx, const uint8_t *record, int i) {
  switch (i) {
  case 0: return JS_DupValue(ctx, names[kind_of(record)]);
  case 1: return number(ctx, read_u64(record + 8));
  default: return signed_number(ctx, (int64_t)read_u64(record + 16));
  }
}

/* read_field gives zero or nothing for a field that the host's version does not have yet. */
static JSValue read_field(JSContext *ctx, const uint8_t *record, int i) {
  uint64_t v = i < record[6] ? read_u64(record + HEADER + SLOT * i) : 0;
  switch (events[kind_of(record)].fields[i].type) {
  case STRING: return JS_NewStringLen(ctx, (const char *)record + (uint32_t)v, v >> 32);
  case U64: return number(ctx, v);
  case GWEI: return JS_NewBigUint64(ctx, v);
  case I64: return signed_number(ctx, (int64_t)v);
  default: return JS_NewBool(ctx, v != 0);
  }
}

/* find gives the place of a name among common and own fields, -1 for none. */
static int find(const uint8_t *record, JSAtom name) {
  for (int i = 0; i < COMMON; i++)
    if (common_atoms[i] == name) return i;
  int kind = kind_of(record);
  for (int i = 0; i < events[kind].count; i++)
    if (atoms[kind][i] == name) return COMMON + i;
  return -1;
}

static JSValue read_at(JSContext *ctx, const uint8_t *record, int i) {
  return i < COMMON ? read_common(ctx, record, i) : read_field(ctx, record, i - COMMON);
}

static int get_own_property(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst obj, JSAtom name) {
  const uint8_t *record = record_of(obj);
  int i = find(record, name);
  if (i < 0) return 0;
  if (desc) {
    desc->flags = JS_PROP_ENUMERABLE;
    desc->getter = desc->setter = JS_UNDEFINED;
    desc->value = read_at(ctx, record, i);
    if (JS_IsException(desc->value)) return -1;
  }
  return 1;
}

static int get_own_property_names(JSContext *ctx, JSPropertyEnum **list, uint32_t *count, JSValueConst obj) {
  int kind = kind_of(record_of(obj)), n = COMMON + events[kind].count;
  JSPropertyEnum *out = js_malloc(ctx, n * sizeof *out);
  if (!out) return -1;
  for (int i = 0; i < n; i++) {
    out[i].is_enumerable = 1;
    out[i].atom = JS_DupAtom(ctx, i < COMMON ? common_atoms[i] : atoms[kind][i - COMMON]);
  }
  *list = out;
  *count = n;
  return 0;
}

static int read_only(JSContext *ctx) {
  JS_ThrowTypeError(ctx, "an event cannot be changed; copy what you need into show.state");
  return -1;
}

static int define_own_property(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst val, JSValueConst get, JSValueConst set, int flags) {
  return read_only(ctx);
}

static int delete_property(JSContext *ctx, JSValueConst obj, JSAtom name) { return read_only(ctx); }

static JSClassExoticMethods exotic = {
    .get_own_property = get_own_property,
    .get_own_property_names = get_own_property_names,
    .define_own_property = define_own_property,
    .delete_property = delete_property,
};

static void finalize(JSRuntime *rt, JSValue v) {
  if ((uintptr_t)JS_GetOpaque(v, class_id) & 1) free(record_of(v));
}

void event_init(JSContext *ctx) {
  static const JSClassDef def = {"Event", .finalizer = finalize, .exotic = &exotic};
  JS_NewClassID(&class_id);
  JS_NewClass(JS_GetRuntime(ctx), class_id, &def);
  for (int i = 0; i < COMMON; i++) common_atoms[i] = JS_NewAtom(ctx, common[i]);
  for (int k = 1; k < KINDS; k++) {
    names[k] = JS_NewString(ctx, events[k].name);
    atoms[k] = malloc(events[k].count * sizeof(JSAtom) + 1);
    for (int i = 0; i < events[k].count; i++) atoms[k][i] = JS_NewAtom(ctx, events[k].fields[i].name);
  }
}

void event_inherit(JSContext *ctx, JSValue prototype) { JS_SetClassProto(ctx, class_id, prototype); }

JSValue event_new(JSContext *ctx, uint8_t *record) {
  JSValue v = JS_NewObjectClass(ctx, class_id);
  if (!JS_IsException(v)) JS_SetOpaque(v, record);
  return v;
}

void event_leave(JSContext *ctx, JSValue event) {
  JSRefCountHeader *refs = JS_VALUE_GET_PTR(event);
  if (refs->ref_count > 1) {
    uint8_t *record = record_of(event);
    uint32_t size;
    memcpy(&size, record, sizeof size);
    uint8_t *copy = malloc(size);
    if (!copy) abort();
    memcpy(copy, record, size);
    JS_SetOpaque(event, (void *)((uintptr_t)copy | 1));
  }
  JS_FreeValue(ctx, event);
}
