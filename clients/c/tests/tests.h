/* Tests have sentences as names; the first failed expectation ends the run. */
#ifndef TESTS_H
#define TESTS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  const char *name;
  void (*run)(void);
} test_case;

/* Each ends with a null name. */
extern const test_case frame_tests[];
extern const test_case part_tests[];
extern const test_case device_tests[];
extern const test_case command_tests[];
extern const test_case socket_tests[];

extern const char *current; /* the test, or the case of a table */

#define TEST(name) {#name, name}

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

#define expect(condition) \
  do { \
    if (!(condition)) { \
      printf("not ok: %s\n  %s:%d: %s\n", current, __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

#endif
