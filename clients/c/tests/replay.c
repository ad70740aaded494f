/*
 * A device that was offline for a long time. One process fills a log in a file with one sample per second, a later process sends it.
 *
 *     replay fill FOLDER SAMPLES ROWS START      ROWS samples per frame, the first at START (Unix ms)
 *     replay send FOLDER URL DEVICE SECRET       prints one JSON line per ack, and one with the time taken when everything is on disk
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/file_log.h"
#include "examples/posix_link.h"

enum { rows_max = 100 };

static const char *const introductions[] = {"{\"type\":\"metrics\",\"table\":1,\"metrics\":[{\"name\":\"sample\"}]}"};

static tg_device device;
static posix_link link_;
static tg_log log_;
static file_log log_file;
static uint8_t frame_memory[TG_TELEMETRY_BYTES(1, rows_max, 4)];
static tg_outcome outcomes[TG_OUTCOMES_MIN];
static const char *folder;
static unsigned long frames_sent;

static void save_numbering(void *context, const tg_numbering *numbering) {
  (void)context;
  state_write(folder, "numbering", numbering, sizeof *numbering);
}

static void show(void *context, const tg_news *news) {
  (void)context;
  if (news->type == TG_NEWS_SENT) frames_sent++;
  if (news->type == TG_NEWS_ACKED) printf("{\"acked\":%lu}\n", (unsigned long)news->seq);
  if (news->type == TG_NEWS_NACKED) fprintf(stderr, "frame %lu was refused: %s\n", (unsigned long)news->seq, tg_fault_code(news->down->as.nack.fault));
  if (news->type == TG_NEWS_LOST) fprintf(stderr, "frame %lu is lost\n", (unsigned long)news->seq);
  fflush(stdout);
}

static const tg_device_hooks hooks = {&link_, posix_link_connect, posix_link_send, posix_link_close, posix_random, save_numbering, show};

static bool start(void) {
  static tg_numbering numbering;
  const tg_device_config config = {.hooks = &hooks,
                                   .outcomes = outcomes,
                                   .outcome_count = TG_OUTCOMES_MIN,
                                   .log = &log_,
                                   .frame_memory = frame_memory,
                                   .frame_capacity = sizeof frame_memory,
                                   .numbering = state_read(folder, "numbering", &numbering, sizeof numbering) ? &numbering : NULL,
                                   .introductions = introductions,
                                   .introduction_count = 1};
  return file_log_open(&log_, &log_file, folder) && tg_device_init(&device, &config, posix_now_ms());
}

static bool append_frame(long first, long samples, int64_t start_ms) {
  static const uint16_t metric = 0;
  uint8_t frame[sizeof frame_memory];
  tg_telemetry telemetry;
  tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_I32, 1, &metric, 1, start_ms + 1000 * (int64_t)first);
  for (long i = 0; i < samples; i++) {
    int32_t value = (int32_t)(first + i);
    if (!tg_telemetry_row_i32(&telemetry, (uint32_t)i * 1000, &value)) return false;
  }
  return tg_device_append(&device, posix_now_ms(), frame, telemetry.length) == TG_APPENDED;
}

static int fill(long samples, long rows, int64_t start_ms) {
  uint32_t since = posix_now_ms();
  long filled = 0;
  while (filled < samples && append_frame(filled, samples - filled < rows ? samples - filled : rows, start_ms)) filled += rows;
  printf("{\"filledMs\":%lu,\"frames\":%lu,\"logBytes\":%llu}\n", (unsigned long)(posix_now_ms() - since), (unsigned long)(log_.end - log_.first),
         (unsigned long long)log_file.end_at);
  return filled >= samples ? 0 : 1;
}

static int replay(void) {
  uint32_t since = posix_now_ms();
  while (log_.first != log_.end) posix_link_step(&link_, -1, 1000);
  printf("{\"replayedMs\":%lu,\"framesSent\":%lu}\n", (unsigned long)(posix_now_ms() - since), frames_sent);
  tg_device_stop(&device, posix_now_ms());
  return 0;
}

int main(int count, char **arguments) {
  folder = count > 2 ? arguments[2] : "";
  if (count == 6 && strcmp(arguments[1], "fill") == 0 && start()) {
    long rows = atol(arguments[4]);
    if (rows >= 1 && rows <= rows_max) return fill(atol(arguments[3]), rows, atoll(arguments[5]));
  }
  if (count == 6 && strcmp(arguments[1], "send") == 0 && start() &&
      posix_link_init(&link_, &device, arguments[3], "main", arguments[4], arguments[5]))
    return replay();
  fprintf(stderr, "replay fill FOLDER SAMPLES ROWS START | replay send FOLDER URL DEVICE SECRET\n");
  return 64;
}
