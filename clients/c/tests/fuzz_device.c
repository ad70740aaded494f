/* Fuzzes the device against the world of tests/world.h: every two bytes make one step. */
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static world w;
  world_init(&w);
  for (size_t at = 0; at + 1 < size; at += 2) world_step(&w, data[at], data[at + 1]);
  world_settle(&w);
  return 0;
}
