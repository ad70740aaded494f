/*
 * Sends this machine's load average once per second, and prints which frames are on disk. Readings that cannot be sent wait in memory.
 * The command set_interval {"seconds":5} changes how often.
 *
 *     linux ws://127.0.0.1:8080/v1/device boiler-7 tgd_... [READINGS]
 *
 * With READINGS it ends when that many readings are on disk.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posix_link.h"
#include "../tidegate_json.h"

static const char *const introductions[] = {
    "{\"type\":\"hello\",\"agent\":\"tidegate-c\",\"expectEveryMs\":1000}",
    "{\"type\":\"metrics\",\"table\":1,\"metrics\":[{\"name\":\"load.1m\",\"unit\":\"1\"},{\"name\":\"load.5m\",\"unit\":\"1\"}]}",
};

static uint8_t ring_memory[8192]; /* 215 readings: three and a half minutes offline */
static uint8_t frame_memory[256];
static tg_outcome outcomes[TG_OUTCOMES_MIN];
static unsigned long on_disk;
static uint32_t interval_ms = 1000;
static uint32_t last_reading;
static volatile sig_atomic_t is_asked_to_stop;

static void show_ending(const tg_ending *ending) {
  if (ending->status != 0)
    printf("the gateway refused the link: HTTP %u\n", ending->status);
  else
    printf("the link is closed: %u\n", ending->code);
}

static void show(void *context, const tg_news *news) {
  (void)context;
  if (news->type == TG_NEWS_WELCOME) printf("welcome: the gateway has frames up to %lu\n", (unsigned long)news->seq);
  if (news->type == TG_NEWS_ACKED) printf("frame %lu is on disk\n", (unsigned long)(on_disk = news->seq));
  if (news->type == TG_NEWS_NACKED) printf("frame %lu was refused: %s\n", (unsigned long)news->seq, tg_fault_code(news->down->as.nack.fault));
  if (news->type == TG_NEWS_ENDED) show_ending(news->ending);
  if (news->type == TG_NEWS_WAITING) printf("trying again in %lu ms\n", (unsigned long)news->wait_ms);
  fflush(stdout);
}

static bool read_load(float values[2]) {
  FILE *file = fopen("/proc/loadavg", "r");
  bool is_read = file != NULL && fscanf(file, "%f %f", &values[0], &values[1]) == 2;
  if (file != NULL) fclose(file);
  return is_read;
}

static void take_reading(tg_device *device) {
  static const uint16_t metrics[] = {0, 1};
  uint8_t frame[TG_TELEMETRY_BYTES(2, 1, 4)];
  tg_telemetry telemetry;
  float values[2];
  if (!read_load(values)) return;
  tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_F32, 1, metrics, 2, posix_unix_ms());
  tg_telemetry_row_f32(&telemetry, 0, values);
  tg_device_append(device, posix_now_ms(), frame, telemetry.length);
}

static tg_command_kind kind_of(void *context, const char *name, size_t length) {
  (void)context;
  return length == 12 && memcmp(name, "set_interval", 12) == 0 ? TG_COMMAND_IDEMPOTENT : TG_COMMAND_UNKNOWN;
}

static tg_state run(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  int64_t seconds;
  (void)context;
  if (!tg_json_integer(command->params, command->params_length, "seconds", &seconds) || seconds < 1 || seconds > 3600) {
    *json_length = (size_t)snprintf(json, capacity, "{\"code\":\"seconds_invalid\"}");
    return TG_REJECTED;
  }
  interval_ms = (uint32_t)seconds * 1000;
  last_reading = posix_now_ms();
  printf("the interval is %lu s\n", (unsigned long)seconds);
  *json_length = (size_t)snprintf(json, capacity, "{\"seconds\":%lu}", (unsigned long)seconds);
  return TG_SUCCEEDED;
}

static void stop(int signal_number) {
  (void)signal_number;
  is_asked_to_stop = 1;
}

int main(int count, char **arguments) {
  static tg_device device;
  static posix_link link;
  static tg_log log;
  static tg_ring ring;
  const tg_device_hooks hooks = {&link, posix_link_connect, posix_link_send, posix_link_close, posix_random, NULL, show};
  tg_ring_init(&log, &ring, ring_memory, sizeof ring_memory);
  const tg_command_hooks command_hooks = {NULL, kind_of, run, NULL};
  const tg_device_config config = {.hooks = &hooks,
                                   .command_hooks = &command_hooks,
                                   .outcomes = outcomes,
                                   .outcome_count = TG_OUTCOMES_MIN,
                                   .log = &log,
                                   .frame_memory = frame_memory,
                                   .frame_capacity = sizeof frame_memory,
                                   .introductions = introductions,
                                   .introduction_count = 2,
                                   .drop_oldest = true};
  if (count < 4 || !posix_link_init(&link, &device, arguments[1], "main", arguments[2], arguments[3])) {
    fprintf(stderr, "linux ws://HOST:PORT/v1/device DEVICE SECRET [READINGS]\n");
    return 64;
  }
  unsigned long wanted = count > 4 ? strtoul(arguments[4], NULL, 10) : 0;
  if (!tg_device_init(&device, &config, posix_now_ms())) return 70;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  last_reading = posix_now_ms() - interval_ms;
  while (!is_asked_to_stop && (wanted == 0 || on_disk < wanted)) {
    if (posix_now_ms() - last_reading >= interval_ms) {
      last_reading += interval_ms;
      take_reading(&device);
    }
    uint32_t passed = posix_now_ms() - last_reading;
    posix_link_step(&link, -1, passed < interval_ms ? interval_ms - passed : 0);
  }
  tg_device_stop(&device, posix_now_ms());
  return 0;
}
