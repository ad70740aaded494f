/* Frames, against the golden ones: build/vectors.h is made from schemas/vectors/frames.json. */
#include <math.h>
#include <string.h>

#include "tests/tests.h"
#include "tidegate_frame.h"

static bool is_text(const char *bytes, size_t length, const char *text) {
  return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

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
  /* Frames with the right form: padding, infinity, a metric twice, a time twice, f64 padding. */
  expect(of_form == 5);
}

const test_case frame_tests[] = {
    TEST(every_golden_telemetry_frame_is_built_byte_for_byte),
    TEST(every_golden_command_update_and_time_request_is_built),
    TEST(every_golden_frame_of_the_gateway_is_read_and_no_part_of_its_header_is_enough),
    TEST(no_invalid_golden_frame_could_have_been_built_here),
    {NULL, NULL},
};
