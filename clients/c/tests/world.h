/*
 * A device and a gateway in one program, and everything that may happen between them, in steps. A step is chosen by numbers, which the tests draw at
 * random and the fuzzer chooses. Every step asserts the rules of the device; world_settle asserts at the end that nothing was lost or done twice.
 */
#ifndef WORLD_H
#define WORLD_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tidegate_bytes.h"
#include "tidegate_device.h"

enum { world_readings_max = 4096, world_ids = 24, world_seqs_max = 16384 };

typedef struct {
  tg_device device;
  tg_device_hooks hooks;
  tg_command_hooks command_hooks;
  tg_log log;
  tg_ring ring;
  uint8_t ring_memory[2048];
  uint8_t frame_memory[128];
  tg_outcome outcomes[TG_OUTCOMES_MIN];
  tg_outcome saved_outcomes[TG_OUTCOMES_MIN];
  tg_numbering saved;
  bool was_saved;
  uint32_t now_ms;
  uint32_t random;
  bool is_blocked; /* the transport has no room */

  bool is_linked; /* the device has begun a link */
  bool is_welcomed;
  uint16_t window;
  uint32_t mark;
  uint32_t last_seq; /* of this link */
  uint32_t pending[TG_WINDOW_MAX];
  uint32_t pending_count;

  uint32_t appended; /* how many readings; they have the numbers from 1 */
  uint32_t newest_stored;
  uint8_t stored[world_readings_max];
  uint8_t refused[world_readings_max];
  uint16_t given[world_seqs_max]; /* the reading that came under each seq */
  uint8_t runs[world_ids];
  uint8_t said[world_ids]; /* the final state */
  bool was_sent[world_ids];
} world;

static bool world_connect(void *context) {
  world *w = context;
  assert(!w->is_linked);
  w->is_linked = true;
  w->is_welcomed = false;
  w->pending_count = 0;
  return true;
}

static void world_unlink(world *w) {
  w->is_linked = false;
  w->is_welcomed = false;
  w->pending_count = 0;
}

static void world_take_frame(world *w, const uint8_t *frame, size_t length) {
  uint32_t seq = tg_telemetry_seq(frame);
  uint32_t reading = tg_get_u32(frame + length - 4);
  assert(tg_telemetry_is_whole(frame, length) && w->is_welcomed); /* N-2 */
  assert(seq > w->last_seq && seq - w->mark <= TG_SEQ_JUMP_MAX); /* N-7 */
  assert(w->pending_count < w->window); /* W-1 */
  assert(tg_telemetry_base(frame) == (int64_t)1795305600000 + reading);
  if (seq < world_seqs_max) {
    assert(w->given[seq] == 0 || w->given[seq] == reading); /* N-5 */
    w->given[seq] = (uint16_t)reading;
  }
  w->last_seq = seq;
  w->pending[w->pending_count++] = reading << 16 | (seq & 0xffff);
}

static void world_take_update(world *w, const uint8_t *frame, size_t length) {
  uint8_t id = frame[4];
  assert(length >= 20 && id < world_ids && w->was_sent[id]);
  if (frame[2] < TG_SUCCEEDED) return;
  assert(w->said[id] == 0 || w->said[id] == frame[2] || frame[2] == TG_FAILED); /* a final state never changes, except to `lost` */
  if (frame[2] == TG_SUCCEEDED) assert(w->runs[id] > 0);
  if (frame[2] == TG_REJECTED) assert(w->runs[id] == 0);
  w->said[id] = frame[2];
}

static bool world_send(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  world *w = context;
  assert(w->is_linked && w->is_welcomed);
  if (w->is_blocked) return false;
  if (is_text) return true;
  if (bytes[1] == 0x01) world_take_frame(w, bytes, length);
  if (bytes[1] == 0x02) world_take_update(w, bytes, length);
  return true;
}

static void world_close(void *context, uint16_t code, const char *reason, size_t reason_length) {
  (void)code, (void)reason, (void)reason_length;
  assert(((world *)context)->is_linked);
  world_unlink(context);
}

static uint32_t world_random(void *context) {
  world *w = context;
  w->random = w->random * 1664525u + 1013904223u;
  return w->random;
}

static void world_save_numbering(void *context, const tg_numbering *numbering) {
  world *w = context;
  w->saved = *numbering;
  w->was_saved = true;
}

/* Ids below 8 may be repeated; of the others odd ones never end by themselves. */
static tg_command_kind world_kind(void *context, const char *name, size_t name_length) {
  (void)context;
  if (name_length != 1) return TG_COMMAND_UNKNOWN;
  return name[0] < 8 ? TG_COMMAND_IDEMPOTENT : TG_COMMAND_ONCE;
}

static tg_state world_run(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  world *w = context;
  uint8_t id = command->id[0];
  w->runs[id]++;
  if (id >= 8) {
    assert(w->runs[id] == 1); /* C-9 */
    bool is_noted = false;
    for (size_t slot = 0; slot < TG_OUTCOMES_MIN; slot++)
      is_noted |= w->saved_outcomes[slot].state == TG_RECEIVED && w->saved_outcomes[slot].id[0] == id;
    assert(is_noted);
  }
  assert(capacity == TG_OUTCOME_BYTES);
  json[0] = '1';
  *json_length = 1;
  return id % 2 == 1 ? TG_RUNNING : TG_SUCCEEDED;
}

static bool world_save_outcome(void *context, uint8_t slot, const tg_outcome *outcome) {
  ((world *)context)->saved_outcomes[slot] = *outcome;
  return true;
}

static void world_boot(world *w, bool remembers) {
  const tg_device_config config = {.hooks = &w->hooks,
                                   .command_hooks = &w->command_hooks,
                                   .outcomes = w->outcomes,
                                   .outcome_count = TG_OUTCOMES_MIN,
                                   .log = &w->log,
                                   .frame_memory = w->frame_memory,
                                   .frame_capacity = sizeof w->frame_memory,
                                   .numbering = remembers && w->was_saved ? &w->saved : NULL};
  memcpy(w->outcomes, w->saved_outcomes, sizeof w->outcomes);
  world_unlink(w);
  if (!remembers) memset(w->given, 0, sizeof w->given);
  assert(tg_device_init(&w->device, &config, w->now_ms));
}

static void world_init(world *w) {
  memset(w, 0, sizeof *w);
  w->hooks = (tg_device_hooks){w, world_connect, world_send, world_close, world_random, world_save_numbering, NULL};
  w->command_hooks = (tg_command_hooks){w, world_kind, world_run, world_save_outcome};
  w->now_ms = UINT32_MAX - 100000; /* the count of ms wraps soon */
  tg_ring_init(&w->log, &w->ring, w->ring_memory, sizeof w->ring_memory);
  world_boot(w, false);
}

static void world_append(world *w) {
  static const uint16_t metric = 0;
  uint8_t frame[TG_TELEMETRY_BYTES(1, 1, 4)];
  tg_telemetry telemetry;
  if (w->appended + 1 >= world_readings_max) return;
  int32_t value = (int32_t)w->appended + 1;
  assert(tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_I32, 1, &metric, 1, (int64_t)1795305600000 + value));
  assert(tg_telemetry_row_i32(&telemetry, 0, &value));
  if (tg_device_append(&w->device, w->now_ms, frame, telemetry.length) == TG_APPENDED) w->appended++;
}

static void world_hear(world *w, const uint8_t *bytes, size_t length) {
  if (w->is_linked) tg_device_received(&w->device, w->now_ms, false, bytes, length);
}

static void world_welcome(world *w, uint16_t window) {
  uint8_t bytes[24] = {1, TG_WELCOME};
  if (!w->is_linked || w->is_welcomed) return;
  w->is_welcomed = true;
  w->window = window;
  w->last_seq = w->mark;
  tg_put_u16(bytes + 2, window);
  tg_put_u32(bytes + 4, w->mark);
  tg_put_u64(bytes + 8, 1795305700000u);
  world_hear(w, bytes, sizeof bytes);
}

/* The number of the first pending frame: its low half is kept, and it lies above the mark. */
static uint32_t world_pending_seq(const world *w) {
  return w->mark + 1 + ((w->pending[0] - (w->mark + 1)) & 0xffff);
}

static void world_commit_first(world *w, bool is_good) {
  uint32_t reading = w->pending[0] >> 16;
  w->mark = world_pending_seq(w);
  memmove(w->pending, w->pending + 1, --w->pending_count * sizeof w->pending[0]);
  if (!is_good && w->stored[reading] == 0) w->refused[reading] = 1;
  if (!is_good || w->stored[reading] != 0 || w->refused[reading] != 0) return; /* I-1 */
  assert(reading > w->newest_stored); /* in order */
  w->newest_stored = reading;
  w->stored[reading] = 1;
}

static void world_answer(world *w, uint8_t type, uint16_t word, uint32_t seq) {
  uint8_t bytes[8] = {1, type};
  tg_put_u16(bytes + 2, word);
  tg_put_u32(bytes + 4, seq);
  world_hear(w, bytes, sizeof bytes);
}

static void world_commit(world *w, uint32_t count, bool is_told) {
  if (!w->is_welcomed || w->pending_count == 0) return;
  for (uint32_t i = 0; i < count && w->pending_count > 0; i++) world_commit_first(w, true);
  if (is_told) world_answer(w, TG_ACK, 0, w->mark);
}

static void world_nack(world *w) {
  if (!w->is_welcomed || w->pending_count == 0) return;
  world_commit_first(w, false);
  world_answer(w, TG_NACK, 6, w->mark);
}

static void world_cut(world *w, uint16_t code) {
  if (!w->is_linked) return;
  world_unlink(w);
  tg_device_closed(&w->device, w->now_ms, code, NULL, 0);
}

static void world_poll(world *w, uint32_t passed_ms) {
  w->now_ms += passed_ms;
  tg_device_poll(&w->device, w->now_ms);
}

static void world_command(world *w, uint8_t id) {
  uint8_t bytes[33] = {1, TG_COMMAND, 1};
  if (!w->is_welcomed || w->said[id] != 0) return;
  bytes[3] = w->was_sent[id] ? 255 : 0;
  bytes[4] = id;
  bytes[32] = id;
  w->was_sent[id] = true;
  world_hear(w, bytes, sizeof bytes);
}

/* Another sender has used the stream. */
static void world_jump(world *w, uint32_t by) {
  if (w->is_linked) return;
  w->mark += world_seqs_max + by;
  memset(w->given, 0, sizeof w->given);
}

static void world_step(world *w, uint8_t what, uint8_t how) {
  switch (what % 16) {
    case 0:
    case 1:
    case 2:
      for (uint8_t i = 0; i <= how % 8; i++) world_append(w);
      break;
    case 3: world_poll(w, how); break;
    case 4: world_poll(w, how * 1000u); break;
    case 5: world_welcome(w, how % 4 == 0 ? 1 + how % 64 : 64); break;
    case 6: world_commit(w, 1 + how % 64, true); break;
    case 7: world_commit(w, 1 + how % 64, false); break;
    case 8: world_nack(w); break;
    case 9: world_cut(w, how % 2 == 0 ? TG_CLOSE_NONE : 4000 + how); break;
    case 10: world_command(w, how % world_ids); break;
    case 11: world_boot(w, how % 4 != 0); break;
    case 12: w->is_blocked = how % 3 == 0; break;
    case 13: world_answer(w, (uint8_t)(TG_ACK + how % 2), 0, 0); break;
    case 14: tg_device_connect_now(&w->device); break;
    case 15:
      if (how % 16 == 0) world_jump(w, how);
      break;
  }
  tg_device_poll(&w->device, w->now_ms);
}

static void world_check_all_stored(const world *w) {
  for (uint32_t reading = 1; reading <= w->appended; reading++) assert(w->stored[reading] + w->refused[reading] == 1);
}

/* Lets both finish their work without faults. */
static void world_settle(world *w) {
  w->is_blocked = false;
  world_cut(w, TG_CLOSE_NONE);
  for (uint32_t turn = 0; turn < 20000 && w->log.first != w->log.end; turn++) {
    tg_device_connect_now(&w->device);
    world_poll(w, 1);
    world_welcome(w, 64);
    world_poll(w, 1);
    world_commit(w, 64, true);
  }
  assert(w->log.first == w->log.end);
  world_check_all_stored(w);
}

#endif
