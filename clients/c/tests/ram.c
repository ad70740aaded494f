/* Compiled for `make ram`, which adds up its memory. */
#include "tests/ram.h"

extern ram_of_a_device device_ram;
ram_of_a_device device_ram;
