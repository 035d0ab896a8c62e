/* The parts of the engine that plays plugins written in JavaScript. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

enum type { STRING, U64, I64, BOOL, GWEI };

struct field {
  const char *name;
  enum type type;
};

struct record {
  const char *name;
  int count;
  const struct field *fields;
};

/* What is being handled: the moment and the numbers of a script follow from it. */
struct moment {
  int64_t at;    /* unix milliseconds */
  uint64_t seed; /* of the contract's splitmix64 */
};
extern struct moment now;
uint64_t next_random(void);

/* event.c: views of the records of a batch. */
void event_init(JSContext *ctx);
void event_inherit(JSContext *ctx, JSValue prototype); /* takes the prototype */
int event_kinds(void);
const char *event_name(int kind);
JSValue event_new(JSContext *ctx, uint8_t *record);
/* event_leave ends the view's life in the batch: a script that kept it keeps a copy of the record. */
void event_leave(JSContext *ctx, JSValue event);

/* command.c: the object on which a script asks for what it wants, with its store, and the buffer of that. */
JSValue command_object(JSContext *ctx);
/* command_reset empties the buffer; from then on asking for something throws, until there is an event that causes it. */
void command_reset(void);
void command_cause(uint32_t event);
uint64_t command_packed(void);
/* valid_utf8 replaces halves of surrogate pairs, which QuickJS writes as three bytes each. */
void valid_utf8(char *s, size_t n);
/* cut is the greatest length, at most most, at which s can be cut between characters. */
size_t cut(const char *s, size_t n, size_t most);
