/*
 * What a device on a small microcontroller has in RAM: everything of this library, and memory for 80 readings of two values offline. Compiled for
 * `make ram`, which adds it up; it is what an application declares (README.md, Memory).
 */
#include "tidegate_device.h"
#include "tidegate_socket.h"

typedef struct {
  tg_device device;
  tg_socket socket;
  tg_log log;
  tg_ring ring;
  uint8_t ring_memory[4096]; /* 102 frames of two f32 and a row (38 + 2 bytes) */
  uint8_t frame_memory[256];
  uint8_t socket_in[1100]; /* a command of 1,024 bytes (C-7) */
  uint8_t socket_out[1024];
  tg_outcome outcomes[TG_OUTCOMES_MIN];
} ram_of_a_device;

extern ram_of_a_device device_ram;
ram_of_a_device device_ram;
