/*
 * The RAM of a device on a small microcontroller: everything of this library, and memory for 100 offline readings of two values. An application
 * has similar declarations (README.md, Memory).
 */
#ifndef RAM_H
#define RAM_H

#include "tidegate_device.h"
#include "tidegate_socket.h"

typedef struct {
  tg_device device;
  tg_socket socket;
  tg_log log;
  tg_ring ring;
  uint8_t ring_memory[4096]; /* 107 frames of a row of two f32 (36 + 2 bytes) */
  uint8_t frame_memory[256];
  uint8_t socket_in[1100]; /* a command of 1,024 bytes (C-7) */
  uint8_t socket_out[1024];
  tg_outcome outcomes[TG_OUTCOMES_MIN];
} ram_of_a_device;

#endif
