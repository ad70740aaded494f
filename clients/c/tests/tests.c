/* Runs the tests of the library alone. Exits with 1 at the first failed expectation. */
#include "tests/tests.h"

const char *current;

static void say_sentence(const char *name) {
  printf("ok: ");
  for (; *name != '\0'; name++) putchar(*name == '_' ? ' ' : *name);
  putchar('\n');
}

int main(void) {
  static const test_case *const suites[] = {frame_tests, part_tests, device_tests, command_tests, socket_tests};
  size_t passed = 0;
  for (size_t suite = 0; suite < count_of(suites); suite++)
    for (const test_case *test = suites[suite]; test->name != NULL; test++) {
      current = test->name;
      test->run();
      say_sentence(test->name);
      passed++;
    }
  printf("%zu tests passed\n", passed);
  return 0;
}
