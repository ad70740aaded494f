/*
 * A session of a device on a Cortex-M0 with 16 KiB of RAM (QEMU's micro:bit): 100 readings recorded offline, the upgrade, window and acks, the longest
 * command and its answer, a close. The gateway is a few lines in the same program, at the other end of the WebSocket bytes. The program measures the
 * deepest stack and prints it by semihosting. Its exit code is 0 if everything was right.
 */
#include <string.h>

#include "tests/ram.h"
#include "tidegate_bytes.h"
#include "tidegate_json.h"

extern uint32_t data_start[], data_end[], data_image[], bss_start[], bss_end[], stack_top[];
void start(void);

enum { readings = 100, paint = 0x5a5a5a5a, write0 = 0x04, report_exception = 0x18, application_exit = 0x20026, error_exit = 0x20023 };

/* Semihosting */

static void call_host(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void say(const char *text) {
  call_host(write0, text);
}

static void say_number(uint32_t number) {
  char digits[12] = {0};
  tg_json_put_integer(digits, 10, number);
  say(digits);
}

static void expect(bool is_so, const char *what) {
  if (is_so) return;
  say("not so: ");
  say(what);
  say("\n");
  call_host(report_exception, (const void *)error_exit);
}

/* The device */

static ram_of_a_device ram;
static uint32_t now_ms = 1000;
static uint32_t runs;
static uint16_t close_code;

static void took_message(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  (void)context;
  tg_device_received(&ram.device, now_ms, is_text, bytes, length);
}

static void ended(void *context, const tg_socket_end *end) {
  (void)context;
  close_code = end->code;
  tg_device_closed(&ram.device, now_ms, end->code, end->reason, end->reason_length);
}

static uint32_t next_random(void *context) {
  static uint32_t state = 1;
  (void)context;
  return state = state * 1664525u + 1013904223u;
}

static const tg_socket_hooks socket_hooks = {NULL, took_message, NULL, ended, next_random, NULL};

static bool connect(void *context) {
  static const tg_upgrade upgrade = {"gateway:8080", "/v1/device?stream=main", "boiler-7", "tgd_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                     "tidegate.v1.binary"};
  (void)context;
  return tg_socket_open(&ram.socket, &upgrade);
}

static bool send(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  (void)context;
  return tg_socket_send(&ram.socket, is_text, bytes, length);
}

static void close(void *context, uint16_t code, const char *reason, size_t reason_length) {
  (void)context;
  tg_socket_close(&ram.socket, code, reason, reason_length);
}

static const tg_device_hooks hooks = {NULL, connect, send, close, next_random, NULL, NULL};

static tg_command_kind kind(void *context, const char *name, size_t name_length) {
  (void)context, (void)name, (void)name_length;
  return TG_COMMAND_ONCE;
}

static tg_state run(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  (void)context, (void)capacity;
  expect(command->params_length == 1020, "the command is whole");
  memcpy(json, "{}", 2);
  *json_length = 2;
  runs++;
  return TG_SUCCEEDED;
}

static const tg_command_hooks command_hooks = {NULL, kind, run, NULL};

static void begin(void) {
  static tg_device_config config;
  config.hooks = &hooks;
  config.command_hooks = &command_hooks;
  config.outcomes = ram.outcomes;
  config.outcome_count = TG_OUTCOMES_MIN;
  config.log = &ram.log;
  config.frame_memory = ram.frame_memory;
  config.frame_capacity = sizeof ram.frame_memory;
  tg_ring_init(&ram.log, &ram.ring, ram.ring_memory, sizeof ram.ring_memory);
  tg_socket_init(&ram.socket, &socket_hooks, ram.socket_in, sizeof ram.socket_in, ram.socket_out, sizeof ram.socket_out);
  expect(tg_device_init(&ram.device, &config, now_ms), "the device begins");
}

static void take_reading(void) {
  static const uint16_t metrics[] = {0, 1};
  uint8_t frame[TG_TELEMETRY_BYTES(2, 1, 4)];
  tg_telemetry telemetry;
  float values[] = {21.5f, (float)now_ms};
  tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_F32, 1, metrics, 2, 0);
  tg_telemetry_row_f32(&telemetry, 0, values);
  expect(tg_device_append(&ram.device, now_ms, frame, telemetry.length) == TG_APPENDED, "a reading has room");
  now_ms += 1000;
}

/* The gateway */

static uint32_t stored;
static uint8_t answered;

static void hear(const void *bytes, size_t length) {
  tg_socket_input(&ram.socket, bytes, length);
}

static void hear_frame(const uint8_t *bytes, uint8_t length) {
  uint8_t header[2] = {0x82, length};
  hear(header, sizeof header);
  hear(bytes, length);
}

static void take_frame(const uint8_t *masked, size_t length, const uint8_t *mask) {
  uint8_t seq[4];
  for (size_t i = 0; i < sizeof seq; i++) seq[i] = masked[4 + i] ^ mask[i];
  uint8_t type = masked[1] ^ mask[1];
  if (type == 0x01) expect(length == 36 && tg_get_u32(seq) == ++stored, "frames come in order");
  if (type == 0x02) answered = masked[2] ^ mask[2];
}

/* Reads the frames of the output; none is longer than 125 bytes. */
static void take_output(void) {
  size_t length;
  const uint8_t *bytes = tg_socket_output(&ram.socket, &length);
  for (size_t at = 0; at < length; at += 6 + (bytes[at + 1] & 0x7f))
    if (bytes[at] == 0x82) take_frame(bytes + at + 6, bytes[at + 1] & 0x7f, bytes + at + 2);
  tg_socket_written(&ram.socket, length);
}

static void welcome(void) {
  static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: tidegate.v1.binary\r\n\r\n";
  uint8_t bytes[24] = {1, TG_WELCOME, 64};
  size_t length;
  expect(memcmp(tg_socket_output(&ram.socket, &length), "GET /v1/device", 14) == 0, "it asks for the upgrade");
  tg_socket_written(&ram.socket, length);
  tg_put_u64(bytes + 8, 1795305600000u);
  hear(answer, sizeof answer - 1);
  hear_frame(bytes, sizeof bytes);
}

static void acknowledge(void) {
  uint8_t bytes[8] = {1, TG_ACK};
  tg_put_u32(bytes + 4, stored);
  hear_frame(bytes, sizeof bytes);
}

static void command(void) {
  uint8_t header[4 + 32 + 4] = {0x82, 126, (32 + 1024) >> 8, (32 + 1024) & 0xff, 1, TG_COMMAND, 4};
  hear(header, sizeof header);
  for (size_t i = 0; i < 1020; i++) hear(" ", 1);
}

static void play(void) {
  begin();
  for (uint32_t i = 0; i < readings; i++) take_reading();
  tg_device_poll(&ram.device, now_ms);
  welcome();
  for (uint32_t turn = 0; turn < 100 && stored < readings; turn++) {
    tg_device_poll(&ram.device, now_ms);
    take_output();
    acknowledge();
  }
  expect(stored == readings && ram.log.first == ram.log.end, "all readings are stored");
  command();
  tg_device_poll(&ram.device, now_ms);
  take_output();
  expect(runs == 1 && answered == TG_SUCCEEDED, "the command is run and answered");
  hear("\x88\x02\x0f\xa0", 4);
  expect(close_code == 4000 && tg_device_poll(&ram.device, now_ms) < 500, "it comes back soon");
}

/* The machine */

static uint32_t stack_bytes(void) {
  const uint32_t *deepest = bss_end;
  while (deepest < stack_top && *deepest == paint) deepest++;
  return (uint32_t)((const char *)stack_top - (const char *)deepest);
}

int main(void);
int main(void) {
  uint32_t *here = (uint32_t *)__builtin_frame_address(0);
  for (uint32_t *at = bss_end; at < here - 32; at++) *at = paint;
  play();
  uint32_t statics = (uint32_t)((const char *)bss_end - (const char *)data_start);
  say("static ");
  say_number(statics);
  say(" bytes, stack ");
  say_number(stack_bytes());
  say(", together ");
  say_number(statics + stack_bytes());
  say(" of 16384\n");
  call_host(report_exception, (const void *)application_exit);
  return 0;
}

void start(void) {
  memcpy(data_start, data_image, (size_t)((char *)data_end - (char *)data_start));
  memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
  main();
  for (;;) continue;
}

static void fault(void) {
  say("a fault\n");
  call_host(report_exception, (const void *)error_exit);
}

typedef struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {stack_top, {start, fault, fault}};
