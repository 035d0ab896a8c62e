/* Tests an example plugin against the files that all languages share, sdk/tck/examples.
 *
 *     cc -std=c11 -DSOTHEBAIS_TEST -I. -o regulars test/playback.c examples/regulars.c && ./regulars ../tck/examples/regulars
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sothebais.h"

static int failures;

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "%s\n", what);
  failures++;
}

static char events[1 << 20], commands[1 << 20], state_room[1 << 20];

static sb_str file(const char *path, const char *suffix, char *room) {
  char name[4096];
  snprintf(name, sizeof name, "%s.%s", path, suffix);
  FILE *f = fopen(name, "rb");
  if (!f) {
    perror(name);
    exit(1);
  }
  size_t n = fread(room, 1, sizeof events, f);
  fclose(f);
  return (sb_str){room, (uint32_t)n};
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s ../tck/examples/<name>\n", argv[0]);
    return 64;
  }
  sb_str state = file(argv[1], "state", state_room), wanted = file(argv[1], "commands", commands);
  sb_str got = sb_play(&sothebais_plugin, file(argv[1], "events", events));
  check(sb_eq(got, wanted), "other commands than those of the example");
  check(sb_eq(sothebais_plugin.save(), state), "another state than that of the example");

  memcpy(state_room + state.len, "more 1\n", 7);
  sb_str error = sothebais_plugin.restore((sb_str){state_room, state.len + 7});
  check(error.len > 5 && memcmp(error.ptr, "line ", 5) == 0, "took over a state with a line that is none");
  check(sothebais_plugin.restore(state).len == 0, "did not take its own state");
  check(sb_eq(sothebais_plugin.save(), state), "restored and saved once more: another state");
  return failures > 0;
}
