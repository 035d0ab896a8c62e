/* The state of the example plugins: lines of a key and a value under a first line that names the form.
 * sdk/tck/examples/README.md says it in full. Include it after sothebais.h. */
#ifndef LINES_H
#define LINES_H

#define LINES_MOST 999999999999999999u /* the greatest number that a line may hold */

#define lines_text(b, key, value) sb_write(b, key, " ", value, "\n")

static inline void lines_number(sb_buf *b, const char *key, uint64_t n) {
  lines_text(b, key, n < LINES_MOST ? n : LINES_MOST);
}

static inline void lines_int(sb_buf *b, const char *key, int64_t n) { lines_number(b, key, n < 0 ? 0 : (uint64_t)n); }

/* Gives each line of a state to take, which says whether it is one. Gives an error text, or nothing. */
static inline sb_str lines_read(const char *name, sb_str state, bool (*take)(sb_str key, sb_str value)) {
  static char room[128];
  sb_buf text = sb_room(room);
  sb_write(&text, name, " 1");
  sb_str first = sb_done(text);
  uint32_t at = 0, k = 1;
  do {
    sb_str rest = sb_cut(state, at, state.len), line = sb_cut(rest, 0, sb_find(rest, '\n'));
    uint32_t space = sb_find(line, ' ');
    bool whole = line.len < rest.len;
    if (k == 1)
      whole = whole && sb_eq(line, first);
    else
      whole = whole && space < line.len && take(sb_cut(line, 0, space), sb_cut(line, space + 1, line.len));
    if (!whole) {
      text = sb_room(room);
      sb_write(&text, "line ", k, " is not of a state of ", name, " 1");
      return sb_done(text);
    }
    at += line.len + 1;
    k++;
  } while (at < state.len);
  return (sb_str){0};
}

/* Reads 1 to 18 digits. */
static inline bool lines_take(sb_str s, uint64_t *n) {
  *n = 0;
  for (uint32_t i = 0; i < s.len; i++) {
    if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    *n = *n * 10 + (uint64_t)(s.ptr[i] - '0');
  }
  return s.len >= 1 && s.len <= 18;
}

static inline bool lines_take_int(sb_str s, int64_t *n) {
  uint64_t v;
  if (!lines_take(s, &v)) return false;
  *n = (int64_t)v;
  return true;
}

static inline bool lines_take_flag(sb_str s, bool *on) {
  *on = sb_eq(s, SB("1"));
  return *on || sb_eq(s, SB("0"));
}

/* Reads a text into an array; one that does not fit is refused. */
#define lines_take_text(s, array, length) ((s).len <= sizeof(array) && (__builtin_memcpy((array), (s).ptr, (s).len), *(length) = (s).len, true))

/* Appends a text with each line feed made a space. */
static inline void lines_clean(sb_buf *b, sb_str s) {
  sb_put_str(b, s);
  if (b->full) return;
  for (uint32_t i = b->len - s.len; i < b->len; i++)
    if (b->ptr[i] == '\n') b->ptr[i] = ' ';
}

#endif
