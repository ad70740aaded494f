/*
 * Fuzzes everything that reads input from outside: binary frames, the upgrade's answer and WebSocket frames cut anywhere, JSON numbers, close
 * reasons, saved outcomes, and records of a damaged log. The first byte decides how the stream is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "tidegate_accept.h"
#include "tidegate_device.h"
#include "tidegate_json.h"
#include "tidegate_socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink; /* keeps the compiler from removing the reads */

static void touch(const void *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) sink += ((const uint8_t *)bytes)[i];
}

static void took_message(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  (void)context, (void)is_text;
  touch(bytes, length);
}

static void ended(void *context, const tg_socket_end *end) {
  (void)context;
  if ((end->status == 0) == (end->code == 0)) abort();
  touch(end->reason, end->reason_length);
}

static uint32_t no_random(void *context) {
  (void)context;
  return 0x01020304;
}

static const tg_socket_hooks hooks = {NULL, took_message, NULL, ended, no_random, NULL};

static void fuzz_socket(const uint8_t *data, size_t size, size_t piece, bool is_open) {
  static const char welcome[] = "HTTP/1.1 101 x\r\nSec-WebSocket-Protocol: p\r\n\r\n";
  const tg_upgrade upgrade = {"h", "/", "d", "s", "p"};
  uint8_t in[200];
  uint8_t out[400];
  tg_socket socket;
  tg_socket_init(&socket, &hooks, in, sizeof in, out, sizeof out);
  if (!tg_socket_open(&socket, &upgrade)) abort();
  if (is_open) tg_socket_input(&socket, (const uint8_t *)welcome, sizeof welcome - 1);
  if (is_open && socket.state != TG_SOCKET_OPEN) abort();
  for (size_t at = 0; at < size; at += piece) tg_socket_input(&socket, data + at, size - at < piece ? size - at : piece);
  size_t length;
  touch(tg_socket_output(&socket, &length), socket.out_length);
  tg_socket_written(&socket, length);
  tg_socket_lost(&socket);
}

static void fuzz_down(const uint8_t *data, size_t size) {
  tg_down down;
  if (!tg_down_parse(&down, data, size)) return;
  if (down.type == TG_NACK) touch(down.as.nack.detail, down.as.nack.detail_length);
  if (down.type != TG_COMMAND) return;
  touch(down.as.command.name, down.as.command.name_length);
  touch(down.as.command.params, down.as.command.params_length);
}

static void fuzz_outcomes(const uint8_t *data, size_t size) {
  static const tg_command_hooks none = {NULL, NULL, NULL, NULL};
  tg_outcome outcomes[TG_OUTCOMES_MIN];
  tg_commands commands;
  memset(outcomes, 0, sizeof outcomes);
  memcpy(outcomes, data, size < sizeof outcomes ? size : sizeof outcomes);
  tg_commands_init(&commands, &none, outcomes, TG_OUTCOMES_MIN);
  for (size_t i = 0; i < TG_OUTCOMES_MIN; i++)
    if (outcomes[i].state != 0) touch(outcomes[i].json, outcomes[i].json_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  size_t piece = 1 + (data[0] & 0x3f);
  bool is_open = (data[0] & 0x40) != 0;
  uint8_t *exact = malloc(size); /* exactly as long as the data, so that the sanitizer sees a read beyond its end */
  memcpy(exact, data + 1, size - 1);
  size--;
  int64_t number = 0;
  fuzz_socket(exact, size, piece, is_open);
  fuzz_down(exact, size);
  fuzz_outcomes(exact, size);
  if (tg_json_integer((const char *)exact, size, "retryAfterMs", &number)) sink += (uint32_t)number;
  tg_ending ending = tg_ending_closed(4001, (const char *)exact, size);
  if (ending.retry_after_ms > 3600000) abort();
  if (tg_telemetry_is_whole(exact, size)) sink += tg_telemetry_last_offset(exact, size);
  if (size >= 52) sink += tg_accept_is_right((const char *)exact, (const char *)exact + 24, size - 24);
  free(exact);
  return 0;
}
