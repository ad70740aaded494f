/* Tests of the library by itself, in sentences. Exits 1 at the first expectation that does not hold. */
#include <math.h>
#include <stdio.h>

#include "tidegate_accept.h"
#include "tidegate_json.h"
#include "tidegate_socket.h"
#include "world.h"

static const char *current;

#define expect(condition) \
  do { \
    if (!(condition)) { \
      printf("not ok: %s\n  %s:%d: %s\n", current, __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

static bool is_text(const char *bytes, size_t length, const char *text) {
  return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

/* Golden frames */

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t length;
  tg_kind kind;
  uint32_t seq;
  int64_t base_ms;
  uint16_t metric_table;
  uint8_t columns;
  uint16_t rows;
  const uint16_t *metrics;
  const uint32_t *offsets_ms;
  const double *values;
} telemetry_vector;

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t length;
  tg_state state;
  const uint8_t *id;
  const char *json;
} update_vector;

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t length;
  uint32_t echo;
} time_vector;

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t length;
  tg_down down;
  const char *first_text; /* a nack's code, a command's name */
  const char *second_text; /* a nack's detail, a command's params */
  const uint8_t *id;
} down_vector;

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t length;
} invalid_vector;

#include "vectors.h"

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

static bool add_row(tg_telemetry *telemetry, tg_kind kind, uint32_t offset_ms, const double *values, uint8_t columns) {
  float f32[255];
  int32_t i32[255];
  for (uint8_t column = 0; column < columns; column++) {
    f32[column] = (float)values[column];
    i32[column] = kind != TG_I32 ? 0 : isnan(values[column]) ? TG_NO_I32 : (int32_t)values[column];
  }
  if (kind == TG_F32) return tg_telemetry_row_f32(telemetry, offset_ms, f32);
  if (kind == TG_I32) return tg_telemetry_row_i32(telemetry, offset_ms, i32);
  return tg_telemetry_row_f64(telemetry, offset_ms, values);
}

static bool build(const telemetry_vector *vector, uint8_t *memory, size_t capacity, tg_telemetry *telemetry) {
  if (!tg_telemetry_begin(telemetry, memory, capacity, vector->kind, vector->metric_table, vector->metrics, vector->columns, vector->base_ms))
    return false;
  for (uint16_t row = 0; row < vector->rows; row++)
    if (!add_row(telemetry, vector->kind, vector->offsets_ms[row], vector->values + row * vector->columns, vector->columns)) return false;
  tg_telemetry_number(memory, vector->seq);
  return true;
}

static void every_golden_telemetry_frame_is_built_byte_for_byte(void) {
  expect(count_of(telemetry_vectors) >= 8);
  for (size_t i = 0; i < count_of(telemetry_vectors); i++) {
    const telemetry_vector *vector = &telemetry_vectors[i];
    uint8_t memory[256];
    tg_telemetry telemetry;
    current = vector->name;
    expect(build(vector, memory, sizeof memory, &telemetry));
    expect(telemetry.length == vector->length && memcmp(memory, vector->bytes, vector->length) == 0);
    expect(telemetry.length == TG_TELEMETRY_BYTES(vector->columns, vector->rows, vector->kind == TG_F64 ? 8u : 4u));
    expect(tg_telemetry_is_whole(vector->bytes, vector->length) && tg_telemetry_seq(vector->bytes) == vector->seq);
    expect(tg_telemetry_base(vector->bytes) == vector->base_ms);
    expect(tg_telemetry_last_offset(vector->bytes, vector->length) == vector->offsets_ms[vector->rows - 1]);
    for (size_t shorter = 0; shorter < vector->length; shorter++) {
      expect(!build(vector, memory, shorter, &telemetry));
      expect(!tg_telemetry_is_whole(vector->bytes, shorter));
    }
  }
}

static void every_golden_command_update_and_time_request_is_built(void) {
  uint8_t memory[256];
  expect(count_of(update_vectors) >= 3 && count_of(time_vectors) >= 1);
  for (size_t i = 0; i < count_of(update_vectors); i++) {
    const update_vector *vector = &update_vectors[i];
    current = vector->name;
    expect(tg_command_update(memory, sizeof memory, vector->id, vector->state, vector->json, strlen(vector->json)) == vector->length);
    expect(memcmp(memory, vector->bytes, vector->length) == 0);
    expect(tg_command_update(memory, vector->length - 1, vector->id, vector->state, vector->json, strlen(vector->json)) == 0);
  }
  for (size_t i = 0; i < count_of(time_vectors); i++) {
    current = time_vectors[i].name;
    expect(tg_time_request(memory, sizeof memory, time_vectors[i].echo) == time_vectors[i].length);
    expect(memcmp(memory, time_vectors[i].bytes, time_vectors[i].length) == 0);
    expect(tg_time_request(memory, 7, 0) == 0);
  }
}

static void expect_same_down(const tg_down *down, const down_vector *vector) {
  const tg_down *wanted = &vector->down;
  expect(down->type == wanted->type);
  switch (down->type) {
    case TG_WELCOME:
      expect(down->as.welcome.window == wanted->as.welcome.window && down->as.welcome.last_seq == wanted->as.welcome.last_seq);
      expect(down->as.welcome.server_time_ms == wanted->as.welcome.server_time_ms);
      expect(down->as.welcome.frame_bytes_max == wanted->as.welcome.frame_bytes_max);
      expect(down->as.welcome.keepalive_s == wanted->as.welcome.keepalive_s);
      break;
    case TG_ACK: expect(down->as.ack.window == wanted->as.ack.window && down->as.ack.seq == wanted->as.ack.seq); break;
    case TG_NACK:
      expect(down->as.nack.seq == wanted->as.nack.seq && strcmp(tg_fault_code(down->as.nack.fault), vector->first_text) == 0);
      expect(is_text(down->as.nack.detail, down->as.nack.detail_length, vector->second_text));
      break;
    case TG_COMMAND:
      expect(down->as.command.known == wanted->as.command.known && down->as.command.left_ms == wanted->as.command.left_ms);
      expect(down->as.command.expires_at_ms == wanted->as.command.expires_at_ms);
      expect(memcmp(down->as.command.id, vector->id, TG_COMMAND_ID_BYTES) == 0);
      expect(is_text(down->as.command.name, down->as.command.name_length, vector->first_text));
      expect(is_text(down->as.command.params, down->as.command.params_length, vector->second_text));
      break;
    case TG_TIME:
      expect(down->as.time.echo == wanted->as.time.echo && down->as.time.server_time_ms == wanted->as.time.server_time_ms);
      break;
  }
}

static void every_golden_frame_of_the_gateway_is_read_and_no_part_of_its_header_is_enough(void) {
  static const size_t header_bytes[] = {[TG_WELCOME & 7] = 24, [TG_ACK & 7] = 8, [TG_NACK & 7] = 8, [TG_COMMAND & 7] = 32, [TG_TIME & 7] = 16};
  expect(count_of(down_vectors) >= 6);
  for (size_t i = 0; i < count_of(down_vectors); i++) {
    const down_vector *vector = &down_vectors[i];
    uint8_t longer[300];
    tg_down down;
    current = vector->name;
    expect(tg_down_parse(&down, vector->bytes, vector->length));
    expect_same_down(&down, vector);
    size_t least = header_bytes[vector->bytes[1] & 7] + (vector->down.type == TG_COMMAND ? vector->bytes[2] : 0);
    for (size_t shorter = 0; shorter < least; shorter++) expect(!tg_down_parse(&down, vector->bytes, shorter));
    memcpy(longer, vector->bytes, vector->length);
    longer[0] = 2;
    expect(!tg_down_parse(&down, longer, vector->length));
    longer[0] = 1;
    longer[1] = 0x99;
    expect(!tg_down_parse(&down, longer, vector->length));
  }
}

static void no_invalid_golden_frame_could_have_been_built_here(void) {
  size_t of_form = 0;
  expect(count_of(invalid_vectors) >= 15);
  for (size_t i = 0; i < count_of(invalid_vectors); i++) of_form += tg_telemetry_is_whole(invalid_vectors[i].bytes, invalid_vectors[i].length);
  /* Those whose form is right: padding, infinity, a metric twice, a time twice, f64 padding. */
  expect(of_form == 5);
}

/* The log */

static void a_ring_gives_back_what_it_took_at_every_size_and_refuses_what_has_no_room(void) {
  uint8_t memory[300];
  uint8_t record[120];
  uint8_t read[120];
  tg_log log;
  tg_ring ring;
  uint32_t random = 7;
  tg_ring_init(&log, &ring, memory, sizeof memory);
  size_t held = 0;
  for (uint32_t turn = 0; turn < 20000; turn++) {
    random = random * 1664525u + 1013904223u;
    size_t length = 32 + (log.end * 37u) % 80;
    for (size_t i = 0; i < length; i++) record[i] = (uint8_t)(log.end + i);
    bool has_room = held + length + 2 <= sizeof memory;
    if ((random >> 16 & 3) != 0) {
      expect(log.append(&log, record, length) == has_room);
      held += has_room ? length + 2 : 0;
    } else if (log.first != log.end) {
      uint32_t upto = log.first + 1 + (random >> 20) % (log.end - log.first);
      for (uint32_t index = log.first; index != upto; index++) held -= 32 + (index * 37u) % 80 + 2;
      log.drop(&log, upto);
    }
    if (log.first == log.end) continue;
    uint32_t index = log.first + (random >> 8) % (log.end - log.first);
    length = 32 + (index * 37u) % 80;
    expect(log.read(&log, index, read, sizeof read) == length && read[0] == (uint8_t)index && read[length - 1] == (uint8_t)(index + length - 1));
    expect(log.read(&log, index, read, length - 1) == 0 && log.read(&log, log.end, read, sizeof read) == 0);
  }
}

/* JSON, reconnecting */

static void a_whole_number_is_found_among_the_members_of_the_outermost_object_only(void) {
  static const struct {
    const char *text;
    bool found;
    int64_t value;
  } cases[] = {
      {"{\"n\":15}", true, 15},
      {" { \"a\" : [ {\"n\":1} , \"n\" ] , \"n\" : -7 } ", true, -7},
      {"{\"a\":\"\\\"n\\\":9\",\"n\":2}", true, 2},
      {"{\"n\":1,\"n\":2}", true, 2},
      {"{\"n\":9223372036854775807}", true, INT64_MAX},
      {"{\"n\":-9223372036854775808}", true, INT64_MIN},
      {"{\"n\":9223372036854775808}", false, 0},
      {"{\"n\":1.5}", false, 0},
      {"{\"n\":1e3}", false, 0},
      {"{\"n\":\"1\"}", false, 0},
      {"{\"a\":{\"n\":1}}", false, 0},
      {"[{\"n\":1}]", false, 0},
      {"{\"n\":1", false, 0},
      {"{\"n\"", false, 0},
      {"{", false, 0},
      {"", false, 0},
      {"busy", false, 0},
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    int64_t value = 0;
    current = cases[i].text;
    expect(tg_json_integer(cases[i].text, strlen(cases[i].text), "n", &value) == cases[i].found);
    expect(!cases[i].found || value == cases[i].value);
  }
}

static void waits_are_drawn_from_a_span_that_doubles_up_to_its_end(void) {
  tg_reconnect reconnect = {TG_SOON, 0};
  tg_ending lost = tg_ending_closed(TG_CLOSE_NONE, NULL, 0);
  static const uint32_t soon[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
  for (size_t i = 0; i < count_of(soon); i++) {
    tg_reconnect before = reconnect;
    expect(tg_reconnect_delay_ms(&reconnect, &lost, UINT32_MAX) == soon[i] - 1);
    expect(tg_reconnect_delay_ms(&before, &lost, 0) == 0 && tg_reconnect_delay_ms(&before, &lost, 0) == 0);
  }
  for (int i = 0; i < 1000; i++) expect(tg_reconnect_delay_ms(&reconnect, &lost, UINT32_MAX) == 29999);
  tg_ending revoked = tg_ending_closed(4101, NULL, 0);
  static const uint32_t slowly[] = {300000, 600000, 1200000, 2400000, 3600000, 3600000};
  for (size_t i = 0; i < count_of(slowly); i++) expect(tg_reconnect_delay_ms(&reconnect, &revoked, UINT32_MAX) == slowly[i] - 1);
  expect(tg_reconnect_delay_ms(&reconnect, &lost, UINT32_MAX) == 499);
}

static void what_the_gateway_told_of_the_time_is_waited_first(void) {
  static const struct {
    tg_ending ending;
    uint32_t least_ms;
  } cases[] = {{{0, 4001, 5000}, 5000}, {{503, 0, 7000}, 7000}};
  for (size_t i = 0; i < count_of(cases); i++) {
    tg_reconnect reconnect = {TG_SOON, 0};
    expect(tg_reconnect_delay_ms(&reconnect, &cases[i].ending, UINT32_MAX) == cases[i].least_ms + 499);
  }
  static const char told[] = "{\"retryAfterMs\":5000}";
  expect(tg_ending_closed(4001, told, sizeof told - 1).retry_after_ms == 5000);
  expect(tg_ending_closed(4101, told, sizeof told - 1).retry_after_ms == 0);
  expect(tg_ending_closed(4001, "{\"retryAfterMs\":-1}", 19).retry_after_ms == 0);
  expect(tg_ending_closed(4001, "{\"retryAfterMs\":99999999999}", 28).retry_after_ms == 3600000);
  expect(tg_ending_refused(503, 7).retry_after_ms == 7000 && tg_ending_refused(503, UINT32_MAX).retry_after_ms == 3600000);
}

/* The device, against the gateway of world.h */

static world w;

static void a_thousand_histories_drawn_at_random_lose_nothing_and_run_nothing_twice(void) {
  uint32_t nacks = 0;
  uint32_t readings = 0;
  for (uint32_t seed = 1; seed <= 1000; seed++) {
    uint32_t random = seed * 2654435761u;
    world_init(&w);
    for (int step = 0; step < 400; step++) {
      random = random * 1664525u + 1013904223u;
      world_step(&w, (uint8_t)(random >> 24), (uint8_t)(random >> 16));
    }
    world_settle(&w);
    readings += w.appended;
    for (uint32_t reading = 1; reading <= w.appended; reading++) nacks += w.refused[reading];
  }
  expect(readings > 100000 && nacks > 1000);
}

static void link_up(uint16_t window) {
  tg_device_connect_now(&w.device);
  world_poll(&w, 0);
  world_welcome(&w, window);
  world_poll(&w, 0);
}

static void append(uint32_t count) {
  while (count-- > 0) world_append(&w);
}

static void nothing_is_sent_beyond_the_window_and_an_ack_may_change_it(void) {
  world_init(&w);
  append(40);
  link_up(4);
  expect(w.pending_count == 4);
  w.window = 16;
  w.mark = 2, w.pending_count = 2, memmove(w.pending, w.pending + 2, 2 * sizeof w.pending[0]);
  world_answer(&w, TG_ACK, 16, 2);
  world_poll(&w, 0);
  expect(w.pending_count == 16);
}

static void a_nacked_frame_is_never_sent_again_also_where_no_ack_follows(void) {
  world_init(&w);
  append(3);
  link_up(64);
  world_answer(&w, TG_NACK, 12, 2); /* seq_invalid does not move the mark */
  world_cut(&w, TG_CLOSE_NONE);
  link_up(64);
  expect(w.pending_count == 2 && w.pending[0] == (1u << 16 | 1) && w.pending[1] == (3u << 16 | 3));
}

static void an_ack_up_to_a_nacked_frame_leaves_nothing_to_wait_for(void) {
  world_init(&w);
  append(4);
  link_up(64);
  world_answer(&w, TG_NACK, 12, 3);
  world_answer(&w, TG_NACK, 12, 4);
  world_answer(&w, TG_ACK, 0, 2);
  expect(w.log.first == w.log.end && w.device.sent == 0);
}

static void what_was_buffered_but_not_sent_has_no_number_yet(void) {
  world_init(&w);
  append(2);
  link_up(64);
  world_commit(&w, 2, true);
  world_cut(&w, TG_CLOSE_NONE);
  append(2);
  w.mark = 4; /* given by someone else */
  link_up(64);
  expect(w.pending_count == 2 && w.pending[0] == (3u << 16 | 5) && w.pending[1] == (4u << 16 | 6));
}

static void after_a_stream_was_forgotten_numbers_too_far_ahead_begin_anew(void) {
  world_init(&w);
  w.mark = TG_SEQ_JUMP_MAX + 5;
  append(1);
  link_up(64);
  world_commit(&w, 1, true);
  world_cut(&w, TG_CLOSE_NONE);
  append(1);
  w.mark = 0;
  memset(w.given, 0, sizeof w.given);
  link_up(64);
  expect(w.pending_count == 1 && w.last_seq == 1);
}

static void the_last_number_is_given_and_none_after_it(void) {
  world_init(&w);
  w.mark = UINT32_MAX - 2;
  append(5);
  link_up(64);
  expect(w.pending_count == 2 && w.last_seq == UINT32_MAX);
  world_commit(&w, 2, true);
  world_cut(&w, TG_CLOSE_NONE);
  link_up(64);
  expect(w.pending_count == 0 && w.log.end - w.log.first == 3);
  w.device.config.drop_oldest = true;
  append(100);
  world_cut(&w, TG_CLOSE_NONE);
  link_up(64);
  expect(w.pending_count == 0 && w.log.end - w.log.first == sizeof w.ring_memory / 34);
}

static void a_number_that_was_never_sent_was_never_given(void) {
  world_init(&w);
  append(2);
  w.is_blocked = true;
  link_up(64);
  world_cut(&w, TG_CLOSE_NONE);
  w.is_blocked = false;
  w.mark = 1; /* by someone else */
  link_up(64);
  expect(w.pending_count == 2 && w.pending[0] == (1u << 16 | 2));
}

static void a_second_welcome_on_a_link_says_nothing(void) {
  world_init(&w);
  append(2);
  link_up(64);
  w.is_welcomed = false;
  w.mark = 1;
  world_welcome(&w, 64);
  expect(w.log.first == 0 && w.device.sent == 2);
}

static void a_log_that_brings_back_what_was_dropped_is_cut_at_the_saved_numbering(void) {
  world_init(&w);
  append(5);
  w.saved = (tg_numbering){2, 10, 12};
  w.was_saved = true;
  world_boot(&w, true);
  w.mark = 9;
  link_up(64);
  expect(w.log.first == 2 && w.pending_count == 3 && w.pending[0] == (3u << 16 | 10));
}

static void a_record_that_cannot_be_read_is_passed_over(void) {
  for (size_t damaged = 0; damaged < 3; damaged++) {
    world_init(&w);
    append(3);
    w.ring_memory[damaged * 34 + 2] = 9; /* its version */
    link_up(64);
    expect(w.pending_count == 2);
    world_commit(&w, 2, true);
    expect(w.log.first == w.log.end);
  }
}

static void an_answer_that_was_not_sent_goes_with_its_link(void) {
  uint8_t slot;
  world_init(&w);
  link_up(64);
  w.is_blocked = true;
  world_command(&w, 8);
  world_poll(&w, 0);
  expect(tg_commands_untold(&w.device.commands, &slot) != NULL);
  world_cut(&w, TG_CLOSE_NONE);
  expect(tg_commands_untold(&w.device.commands, &slot) == NULL);
  w.is_blocked = false;
  link_up(64);
  expect(w.said[8] == 0);
  world_command(&w, 8);
  world_poll(&w, 0);
  expect(w.said[8] == TG_SUCCEEDED && w.runs[8] == 1);
}

static void a_link_without_a_word_for_75_s_or_an_ack_for_30_s_is_ended(void) {
  world_init(&w);
  link_up(64);
  world_poll(&w, TG_SILENCE_MS - 1);
  expect(w.is_linked);
  tg_device_heard(&w.device, w.now_ms);
  world_poll(&w, TG_SILENCE_MS - 1);
  expect(w.is_linked);
  world_poll(&w, 1);
  expect(!w.is_linked);
  link_up(64);
  append(2);
  world_poll(&w, 0);
  world_poll(&w, TG_ACK_OVERDUE_MS - 1);
  expect(w.is_linked);
  world_commit(&w, 1, true);
  world_poll(&w, 1);
  expect(w.is_linked);
  for (int i = 0; i < 5; i++) {
    tg_device_heard(&w.device, w.now_ms);
    append(1);
    world_poll(&w, TG_ACK_OVERDUE_MS / 5);
    expect(w.is_linked == (i < 4)); /* frames sent since do not make up for it */
  }
}

static void a_link_that_was_answered_or_grew_a_minute_old_ends_a_row_of_failures(void) {
  static const struct {
    uint32_t lived_ms;
    bool is_acked;
    bool is_nacked;
    bool held;
  } cases[] = {{TG_HELD_MS - 1, false, false, false}, {TG_HELD_MS, false, false, true}, {0, true, false, true}, {0, false, true, true}};
  for (size_t i = 0; i < count_of(cases); i++) {
    world_init(&w);
    for (int failure = 0; failure < 5; failure++) {
      tg_device_connect_now(&w.device);
      world_poll(&w, 0);
      world_cut(&w, TG_CLOSE_NONE);
    }
    if (cases[i].is_acked || cases[i].is_nacked) append(1);
    link_up(64);
    if (cases[i].is_acked) world_commit(&w, 1, true);
    if (cases[i].is_nacked) world_nack(&w);
    world_poll(&w, cases[i].lived_ms);
    world_cut(&w, TG_CLOSE_NONE);
    expect(w.device.reconnect.failures == (cases[i].held ? 1 : 6));
  }
}

static void an_attempt_without_a_welcome_is_ended_after_30_s(void) {
  world_init(&w);
  world_poll(&w, 0);
  expect(w.is_linked);
  world_poll(&w, TG_CONNECT_MS - 1);
  expect(w.is_linked);
  world_poll(&w, 1);
  expect(!w.is_linked);
}

static void when_the_log_is_full_the_newest_or_the_oldest_gives_way(void) {
  world_init(&w);
  append(200);
  uint32_t held = w.log.end - w.log.first;
  expect(w.appended == held && held == sizeof w.ring_memory / 34);
  w.device.config.drop_oldest = true;
  append(10);
  expect(w.appended == held + 10 && w.log.end - w.log.first == held && w.log.first == 10);
}

/* A device without a clock: the bases that it would send. */

static int64_t sent_bases[64];
static uint32_t sent_count;

static bool note_base(void *context, bool is_text_message, const uint8_t *bytes, size_t length) {
  (void)context, (void)length;
  if (!is_text_message && bytes[1] == 0x01) sent_bases[sent_count++] = tg_telemetry_base(bytes);
  return true;
}

static void append_of_age(uint32_t age_ms, uint32_t rows) {
  static const uint16_t metric = 0;
  uint8_t frame[TG_TELEMETRY_BYTES(1, 4, 4)];
  tg_telemetry telemetry;
  float value = 1;
  tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_F32, 1, &metric, 1, -(int64_t)age_ms);
  for (uint32_t row = 0; row < rows; row++) tg_telemetry_row_f32(&telemetry, row * 100, &value);
  expect(tg_device_append(&w.device, w.now_ms, frame, telemetry.length) == TG_APPENDED);
}

static void a_reading_without_a_clock_is_sent_with_the_gateways_time_for_it_and_again_the_same(void) {
  world_init(&w);
  w.hooks.send = note_base;
  sent_count = 0;
  append_of_age(0, 1);
  w.now_ms += 90000;
  append_of_age(5000, 3);
  w.now_ms += 60000; /* the count of ms has wrapped in between */
  link_up(64); /* told 1795305700000 */
  expect(sent_count == 2 && sent_bases[0] == 1795305700000 - 150000);
  expect(sent_bases[1] == 1795305700000 - 65000 - 200); /* the last of three rows was 5 s old */
  world_cut(&w, TG_CLOSE_NONE);
  tg_device_connect_now(&w.device);
  world_poll(&w, 100);
  uint8_t welcome[24] = {1, TG_WELCOME, 64};
  tg_put_u64(welcome + 8, 1795305700700u); /* 600 ms late */
  world_hear(&w, welcome, sizeof welcome);
  w.is_welcomed = true;
  world_poll(&w, 0);
  expect(sent_count == 4 && sent_bases[2] == sent_bases[0] && sent_bases[3] == sent_bases[1]);
}

static void after_a_restart_the_count_of_ms_goes_on_behind_the_logs_newest_record(void) {
  world_init(&w);
  w.hooks.send = note_base;
  sent_count = 0;
  w.now_ms = 500000;
  append_of_age(0, 1);
  w.now_ms = 501000;
  append_of_age(0, 1);
  w.now_ms = 300; /* a new boot */
  world_boot(&w, true);
  append_of_age(0, 1);
  link_up(64);
  expect(sent_count == 3 && sent_bases[1] - sent_bases[0] == 1000 && sent_bases[2] > sent_bases[1]);
  expect(sent_bases[0] == 1795305700000 - 1001 && sent_bases[2] == 1795305700000);
}

/* Commands */

static tg_command command_of(uint8_t id, uint8_t known, const char *name) {
  tg_command command = {.known = known, .name = name, .name_length = strlen(name), .params = ""};
  command.id[0] = id;
  return command;
}

static tg_command_kind kind_by_letter(void *context, const char *name, size_t name_length) {
  (void)context, (void)name_length;
  return name[0] == 'o' ? TG_COMMAND_ONCE : name[0] == 'i' ? TG_COMMAND_IDEMPOTENT : TG_COMMAND_UNKNOWN;
}

static int runs;
static int saves;
static bool can_save;

static tg_state run_by_name(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  (void)context, (void)json, (void)capacity;
  runs++;
  *json_length = 0;
  return command->name_length > 1 ? TG_RUNNING : TG_SUCCEEDED;
}

static bool count_saves(void *context, uint8_t slot, const tg_outcome *outcome) {
  (void)context, (void)slot, (void)outcome;
  saves++;
  return can_save;
}

static const tg_command_hooks letter_hooks = {NULL, kind_by_letter, run_by_name, count_saves};

/* The final or present word on a command, such as "3" or "4{\"code\":\"lost\"}". */
static const char *word_on(tg_commands *commands, tg_command command, uint64_t server_now_ms) {
  static char word[TG_OUTCOME_BYTES + 2];
  uint8_t slot;
  tg_commands_receive(commands, &command, server_now_ms);
  const tg_outcome *outcome = tg_commands_untold(commands, &slot);
  if (outcome == NULL) return "nothing";
  expect(outcome->id[0] == command.id[0]);
  tg_commands_told(commands, slot);
  word[0] = (char)('0' + outcome->state);
  memcpy(word + 1, outcome->json, outcome->json_length);
  word[1 + outcome->json_length] = '\0';
  return word;
}

static void commands_are_answered_by_what_is_remembered_and_what_the_gateway_knows(void) {
  static tg_outcome outcomes[TG_OUTCOMES_MIN];
  tg_commands commands;
  tg_command overdue = command_of(9, 0, "o");
  memset(outcomes, 0, sizeof outcomes);
  runs = saves = 0;
  can_save = true;
  expect(tg_commands_init(&commands, &letter_hooks, outcomes, TG_OUTCOMES_MIN));
  expect(strcmp(word_on(&commands, command_of(1, 0, "o"), 0), "3") == 0 && runs == 1 && saves == 2);
  expect(strcmp(word_on(&commands, command_of(1, 255, "o"), 0), "3") == 0 && runs == 1);
  expect(strcmp(word_on(&commands, command_of(2, 255, "o"), 0), "4{\"code\":\"lost\"}") == 0 && runs == 1);
  expect(strcmp(word_on(&commands, command_of(3, 255, "i"), 0), "3") == 0 && runs == 2);
  expect(strcmp(word_on(&commands, command_of(4, 0, "x"), 0), "5{\"code\":\"unknown_command\"}") == 0 && runs == 2);
  overdue.expires_at_ms = 1000;
  expect(strcmp(word_on(&commands, overdue, 1001), "5{\"code\":\"expired\"}") == 0 && runs == 2);
  overdue.id[0] = 12;
  overdue.known = 1;
  overdue.name = "i";
  expect(strcmp(word_on(&commands, overdue, 1001), "4{\"code\":\"lost\"}") == 0 && runs == 2);
  overdue.id[0] = 10;
  overdue.name = "o";
  expect(strcmp(word_on(&commands, overdue, 1001), "4{\"code\":\"lost\"}") == 0 && runs == 2); /* it may have been run */
  can_save = false;
  expect(strcmp(word_on(&commands, command_of(11, 0, "o"), 0), "4{\"code\":\"not_saved\"}") == 0 && runs == 2);
  can_save = true;
}

static void a_running_command_is_told_on_and_after_a_restart_it_is_lost_unless_it_may_be_repeated(void) {
  static tg_outcome outcomes[TG_OUTCOMES_MIN];
  tg_commands commands;
  uint8_t id[TG_COMMAND_ID_BYTES] = {1};
  uint8_t slot;
  memset(outcomes, 0, sizeof outcomes);
  runs = 0;
  tg_commands_init(&commands, &letter_hooks, outcomes, TG_OUTCOMES_MIN);
  expect(strcmp(word_on(&commands, command_of(1, 0, "once"), 0), "2") == 0);
  expect(strcmp(word_on(&commands, command_of(1, 2, "once"), 0), "2") == 0 && runs == 1);
  expect(tg_commands_update(&commands, id, TG_RUNNING, "{\"progress\":0.4}", 16));
  expect(tg_commands_untold(&commands, &slot)->json_length == 16);
  tg_commands_told(&commands, slot);
  expect(strcmp(word_on(&commands, command_of(2, 0, "idem"), 0), "2") == 0 && runs == 2);
  tg_commands_init(&commands, &letter_hooks, outcomes, TG_OUTCOMES_MIN);
  expect(!tg_commands_update(&commands, id, TG_SUCCEEDED, NULL, 0));
  expect(strcmp(word_on(&commands, command_of(1, 2, "once"), 0), "4{\"code\":\"lost\"}") == 0 && runs == 2);
  expect(strcmp(word_on(&commands, command_of(2, 2, "idem"), 0), "2") == 0 && runs == 3);
  id[0] = 2;
  expect(tg_commands_update(&commands, id, TG_SUCCEEDED, "{}", 2) && !tg_commands_update(&commands, id, TG_FAILED, "{}", 2));
}

static void eight_outcomes_are_remembered_and_the_oldest_gives_way(void) {
  static tg_outcome outcomes[TG_OUTCOMES_MIN];
  tg_commands commands;
  memset(outcomes, 0, sizeof outcomes);
  runs = 0;
  expect(!tg_commands_init(&commands, &letter_hooks, outcomes, TG_OUTCOMES_MIN - 1));
  tg_commands_init(&commands, &letter_hooks, outcomes, TG_OUTCOMES_MIN);
  for (uint8_t id = 1; id <= 9; id++) word_on(&commands, command_of(id, 0, "o"), 0);
  for (uint8_t id = 2; id <= 9; id++) expect(strcmp(word_on(&commands, command_of(id, 255, "o"), 0), "3") == 0);
  expect(runs == 9);
  expect(strcmp(word_on(&commands, command_of(1, 255, "o"), 0), "4{\"code\":\"lost\"}") == 0);
}

/* The socket */

static char heard[4096];
static tg_socket socket_;
static uint8_t socket_in[300];
static uint8_t socket_out[700];

static void hear_message(void *context, bool is_text_message, const uint8_t *bytes, size_t length) {
  size_t at = strlen(heard);
  (void)context;
  snprintf(heard + at, sizeof heard - at, "%s:%.*s ", is_text_message ? "text" : "binary", (int)length, (const char *)bytes);
}

static void hear_ping(void *context) {
  (void)context;
  strcat(heard, "ping ");
}

static void hear_end(void *context, const tg_socket_end *end) {
  size_t at = strlen(heard);
  (void)context;
  snprintf(heard + at, sizeof heard - at, "end:%u:%u:%lu:%.*s ", end->status, end->code, (unsigned long)end->retry_after_s,
           (int)end->reason_length, end->reason_length > 0 ? end->reason : "");
}

static const tg_socket_hooks hearing = {&w, hear_message, hear_ping, hear_end, world_random, NULL};
static const tg_upgrade upgrade = {"example:8080", "/v1/device?stream=main", "boiler-7", "tgd_secret", "tidegate.v1.binary"};

static void open_socket(void) {
  heard[0] = '\0';
  tg_socket_init(&socket_, &hearing, socket_in, sizeof socket_in, socket_out, sizeof socket_out);
  expect(tg_socket_open(&socket_, &upgrade));
}

static void feed(const char *bytes, size_t length, size_t piece) {
  for (size_t at = 0; at < length; at += piece) tg_socket_input(&socket_, (const uint8_t *)bytes + at, length - at < piece ? length - at : piece);
}

static const char switching[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-PROTOCOL:  tidegate.v1.binary \r\nX: y\r\n\r\n";

static void accept_socket(void) {
  open_socket();
  tg_socket_written(&socket_, socket_.out_length);
  feed(switching, sizeof switching - 1, 1);
  expect(socket_.state == TG_SOCKET_OPEN);
}

static void the_upgrade_asks_as_the_protocol_says(void) {
  open_socket();
  socket_out[socket_.out_length] = '\0';
  const char *request = (const char *)socket_out;
  expect(strstr(request, "GET /v1/device?stream=main HTTP/1.1\r\nHost: example:8080\r\n") == request);
  expect(strstr(request, "\r\nAuthorization: Basic Ym9pbGVyLTc6dGdkX3NlY3JldA==\r\n\r\n") != NULL);
  expect(strstr(request, "\r\nSec-WebSocket-Protocol: tidegate.v1.binary\r\n") != NULL);
  expect(strstr(request, "\r\nSec-WebSocket-Version: 13\r\n") != NULL && strlen(socket_.key) == 24 && strcmp(socket_.key + 22, "==") == 0);
  tg_socket small;
  tg_socket_init(&small, &hearing, socket_in, sizeof socket_in, socket_out, 100);
  expect(!tg_socket_open(&small, &upgrade) && small.state == TG_SOCKET_CLOSED);
}

static void a_refusal_is_told_with_its_status_and_how_long_to_stay_away(void) {
  static const struct {
    const char *answer;
    const char *heard;
  } cases[] = {
      {"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nabc", "end:503:0:7: "},
      {"HTTP/1.1 401 Unauthorized\r\n\r\n", "end:401:0:0: "},
      {"HTTP/1.1 429 X\r\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n", "end:429:0:0: "},
      {"HTTP/1.1 200 OK\r\n\r\n", "end:0:1006:0: "},
      {"nonsense\r\n\r\n", "end:0:1006:0: "},
      {"HTTP/1.1 101 S\r\nSec-WebSocket-Protocol: tidegate.v1.json\r\n\r\n", "end:0:1006:0: "},
      {"HTTP/1.1 101 S\r\nX: y\r\n\r\n", "end:0:1006:0: "},
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    current = cases[i].answer;
    open_socket();
    feed(cases[i].answer, strlen(cases[i].answer), 3);
    tg_socket_lost(&socket_);
    expect(strcmp(heard, cases[i].heard) == 0);
  }
  open_socket();
  for (int i = 0; i < 400; i++) feed("X: y\r\n", 6, 6);
  expect(strcmp(heard, "end:0:1006:0: ") == 0);
}

static void messages_are_put_together_however_the_bytes_come(void) {
  static const char frames[] =
      "\x82\x03" "abc" /* binary */
      "\x01\x02" "he" /* text in two fragments, a ping between them */
      "\x89\x01" "!"
      "\x80\x02" "y!"
      "\x82\x00" /* empty */
      "\x82\x7e\x00\x04" "long"
      "\x88\x09\x0f\xa1" "reason:";
  for (size_t piece = 1; piece < sizeof frames; piece++) {
    accept_socket();
    feed(frames, sizeof frames - 1, piece);
    expect(strcmp(heard, "binary:abc ping text:hey! binary: binary:long end:0:4001:0:reason: ") == 0);
  }
  expect(!tg_socket_is_done(&socket_));
  tg_socket_written(&socket_, socket_.out_length);
  expect(tg_socket_is_done(&socket_));
}

static void a_message_that_is_too_long_is_passed_over_and_the_next_one_taken(void) {
  static char frames[4 + 400 + 5] = "\x82\x7e\x01\x90";
  memcpy(frames + 404, "\x82\x03" "abc", 5);
  accept_socket();
  feed(frames, sizeof frames, 7);
  expect(strcmp(heard, "binary:abc ") == 0);
}

static void what_breaks_the_framing_ends_the_link(void) {
  static const struct {
    const char *bytes;
    size_t length;
  } cases[] = {
      {"\x82\x83xxxxabc", 9}, /* masked */
      {"\xc2\x00", 2}, /* a reserved bit */
      {"\x83\x00", 2}, /* an unknown opcode */
      {"\x8b\x00", 2}, /* an unknown control opcode */
      {"\x09\x00", 2}, /* a ping in fragments */
      {"\x89\x7e\x00\x7e", 4}, /* a ping too long */
      {"\x80\x00", 2}, /* a fragment of nothing */
      {"\x01\x00\x81\x00", 4}, /* a message within a message */
      {"\x88\x01x", 3}, /* half a close code */
      {"\x88\x02\x00\x00", 4}, /* close code 0 */
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    accept_socket();
    feed(cases[i].bytes, cases[i].length, 1);
    expect(strcmp(heard, "end:0:1006:0: ") == 0 && socket_.state == TG_SOCKET_ENDING);
    feed("\x82\x01x", 3, 3);
    expect(strcmp(heard, "end:0:1006:0: ") == 0);
  }
}

static void what_is_sent_is_masked_and_refused_where_it_has_no_room(void) {
  uint8_t bytes[200];
  for (size_t length = 0; length <= sizeof bytes; length++) {
    accept_socket();
    for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)i;
    expect(tg_socket_send(&socket_, false, bytes, length));
    size_t header = length < 126 ? 2 : 4;
    const uint8_t *out = socket_.out;
    expect(out[0] == 0x82 && (out[1] & 0x80) != 0 && socket_.out_length == header + 4 + length);
    expect(header == 2 ? (out[1] & 0x7f) == length : (out[1] & 0x7f) == 126 && out[2] == 0 && out[3] == length);
    for (size_t i = 0; i < length; i++) expect((out[header + 4 + i] ^ out[header + i % 4]) == bytes[i]);
  }
  accept_socket();
  size_t sent = 0;
  while (tg_socket_send(&socket_, false, bytes, 94)) sent++;
  expect(sent == 7 && socket_.out_length == 700);
  tg_socket_written(&socket_, 150);
  expect(tg_socket_send(&socket_, false, bytes, 94) && socket_.out_length == 650);
}

static void sha_1_of_the_rfcs_example_is_accepted_and_no_other(void) {
  static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
  char accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
  expect(tg_accept_is_right(key, accept, 28) && !tg_accept_is_right(key, accept, 27));
  for (size_t i = 0; i < 28; i++) {
    accept[i] ^= 1;
    expect(!tg_accept_is_right(key, accept, 28));
    accept[i] ^= 1;
  }
}

#define TEST(name) {#name, name}

static const struct {
  const char *name;
  void (*run)(void);
} tests[] = {
    TEST(every_golden_telemetry_frame_is_built_byte_for_byte),
    TEST(every_golden_command_update_and_time_request_is_built),
    TEST(every_golden_frame_of_the_gateway_is_read_and_no_part_of_its_header_is_enough),
    TEST(no_invalid_golden_frame_could_have_been_built_here),
    TEST(a_ring_gives_back_what_it_took_at_every_size_and_refuses_what_has_no_room),
    TEST(a_whole_number_is_found_among_the_members_of_the_outermost_object_only),
    TEST(waits_are_drawn_from_a_span_that_doubles_up_to_its_end),
    TEST(what_the_gateway_told_of_the_time_is_waited_first),
    TEST(a_thousand_histories_drawn_at_random_lose_nothing_and_run_nothing_twice),
    TEST(nothing_is_sent_beyond_the_window_and_an_ack_may_change_it),
    TEST(a_nacked_frame_is_never_sent_again_also_where_no_ack_follows),
    TEST(an_ack_up_to_a_nacked_frame_leaves_nothing_to_wait_for),
    TEST(what_was_buffered_but_not_sent_has_no_number_yet),
    TEST(after_a_stream_was_forgotten_numbers_too_far_ahead_begin_anew),
    TEST(the_last_number_is_given_and_none_after_it),
    TEST(a_number_that_was_never_sent_was_never_given),
    TEST(a_second_welcome_on_a_link_says_nothing),
    TEST(a_log_that_brings_back_what_was_dropped_is_cut_at_the_saved_numbering),
    TEST(a_record_that_cannot_be_read_is_passed_over),
    TEST(an_answer_that_was_not_sent_goes_with_its_link),
    TEST(a_link_without_a_word_for_75_s_or_an_ack_for_30_s_is_ended),
    TEST(a_link_that_was_answered_or_grew_a_minute_old_ends_a_row_of_failures),
    TEST(an_attempt_without_a_welcome_is_ended_after_30_s),
    TEST(when_the_log_is_full_the_newest_or_the_oldest_gives_way),
    TEST(a_reading_without_a_clock_is_sent_with_the_gateways_time_for_it_and_again_the_same),
    TEST(after_a_restart_the_count_of_ms_goes_on_behind_the_logs_newest_record),
    TEST(commands_are_answered_by_what_is_remembered_and_what_the_gateway_knows),
    TEST(a_running_command_is_told_on_and_after_a_restart_it_is_lost_unless_it_may_be_repeated),
    TEST(eight_outcomes_are_remembered_and_the_oldest_gives_way),
    TEST(the_upgrade_asks_as_the_protocol_says),
    TEST(a_refusal_is_told_with_its_status_and_how_long_to_stay_away),
    TEST(messages_are_put_together_however_the_bytes_come),
    TEST(a_message_that_is_too_long_is_passed_over_and_the_next_one_taken),
    TEST(what_breaks_the_framing_ends_the_link),
    TEST(what_is_sent_is_masked_and_refused_where_it_has_no_room),
    TEST(sha_1_of_the_rfcs_example_is_accepted_and_no_other),
};

int main(void) {
  for (size_t i = 0; i < count_of(tests); i++) {
    current = tests[i].name;
    tests[i].run();
    printf("ok: ");
    for (const char *c = tests[i].name; *c != '\0'; c++) putchar(*c == '_' ? ' ' : *c);
    putchar('\n');
  }
  printf("%zu tests passed\n", count_of(tests));
  return 0;
}
