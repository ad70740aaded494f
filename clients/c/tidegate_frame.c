#include "tidegate_frame.h"

#include <string.h>

#include "tidegate_bytes.h"

enum {
  up_telemetry = 0x01,
  up_command_update = 0x02,
  up_time = 0x03,
  at_columns = 2,
  at_kind = 3,
  at_seq = 4,
  at_base = 8,
  at_rows = 16,
  at_metric_table = 18,
  at_metrics = 20,
  rows_max = 65535
};

/* The protocol has IEEE 754 doubles of 8 bytes; some 8-bit compilers have doubles of 4 bytes. */
typedef char tg_float_is_4_bytes[sizeof(float) == 4 ? 1 : -1];
typedef char tg_double_is_8_bytes[sizeof(double) == 8 ? 1 : -1];

static size_t header_bytes(uint8_t columns) {
  return ((size_t)at_metrics + 2u * columns + 7u) & ~(size_t)7u;
}

static size_t row_bytes(uint8_t kind, uint8_t columns) {
  return kind == TG_F64 ? 8u + 8u * (size_t)columns : 4u + 4u * (size_t)columns;
}

bool tg_telemetry_begin(tg_telemetry *telemetry, uint8_t *memory, size_t capacity, tg_kind kind, uint16_t metric_table,
                        const uint16_t *metrics, uint8_t columns, int64_t base_ms) {
  size_t length = header_bytes(columns);
  if (columns == 0 || length > capacity) return false;
  memset(memory, 0, length);
  memory[0] = TG_FRAME_VERSION;
  memory[1] = up_telemetry;
  memory[at_columns] = columns;
  memory[at_kind] = (uint8_t)kind;
  tg_telemetry_set_base(memory, base_ms);
  tg_put_u16(memory + at_metric_table, metric_table);
  for (size_t column = 0; column < columns; column++) tg_put_u16(memory + at_metrics + 2 * column, metrics[column]);
  telemetry->bytes = memory;
  telemetry->capacity = capacity;
  telemetry->length = length;
  return true;
}

/* Makes room for a row and writes its offset. Returns where its values go, or null if there is no room. */
static uint8_t *begin_row(tg_telemetry *telemetry, tg_kind kind, uint32_t offset_ms) {
  uint8_t *frame = telemetry->bytes;
  uint16_t rows = tg_get_u16(frame + at_rows);
  size_t bytes = row_bytes(frame[at_kind], frame[at_columns]);
  if (frame[at_kind] != kind || rows == rows_max || telemetry->capacity - telemetry->length < bytes) return NULL;
  uint8_t *row = frame + telemetry->length;
  tg_put_u32(row, offset_ms);
  if (kind == TG_F64) tg_put_u32(row + 4, 0);
  tg_put_u16(frame + at_rows, (uint16_t)(rows + 1));
  telemetry->length += bytes;
  return row + (kind == TG_F64 ? 8 : 4);
}

bool tg_telemetry_row_f32(tg_telemetry *telemetry, uint32_t offset_ms, const float *values) {
  uint8_t *at = begin_row(telemetry, TG_F32, offset_ms);
  if (at == NULL) return false;
  for (size_t column = 0; column < telemetry->bytes[at_columns]; column++) {
    uint32_t bits;
    memcpy(&bits, &values[column], sizeof bits);
    tg_put_u32(at + 4 * column, bits);
  }
  return true;
}

bool tg_telemetry_row_f64(tg_telemetry *telemetry, uint32_t offset_ms, const double *values) {
  uint8_t *at = begin_row(telemetry, TG_F64, offset_ms);
  if (at == NULL) return false;
  for (size_t column = 0; column < telemetry->bytes[at_columns]; column++) {
    uint64_t bits;
    memcpy(&bits, &values[column], sizeof bits);
    tg_put_u64(at + 8 * column, bits);
  }
  return true;
}

bool tg_telemetry_row_i32(tg_telemetry *telemetry, uint32_t offset_ms, const int32_t *values) {
  uint8_t *at = begin_row(telemetry, TG_I32, offset_ms);
  if (at == NULL) return false;
  for (size_t column = 0; column < telemetry->bytes[at_columns]; column++)
    tg_put_u32(at + 4 * column, (uint32_t)values[column]);
  return true;
}

void tg_telemetry_number(uint8_t *frame, uint32_t seq) {
  tg_put_u32(frame + at_seq, seq);
}

uint32_t tg_telemetry_seq(const uint8_t *frame) {
  return tg_get_u32(frame + at_seq);
}

void tg_telemetry_set_base(uint8_t *frame, int64_t base_ms) {
  tg_put_u64(frame + at_base, (uint64_t)base_ms);
}

int64_t tg_telemetry_base(const uint8_t *frame) {
  return (int64_t)tg_get_u64(frame + at_base);
}

uint32_t tg_telemetry_last_offset(const uint8_t *frame, size_t length) {
  return tg_get_u32(frame + length - row_bytes(frame[at_kind], frame[at_columns]));
}

bool tg_telemetry_is_whole(const uint8_t *frame, size_t length) {
  if (length < TG_TELEMETRY_BYTES_MIN || frame[0] != TG_FRAME_VERSION || frame[1] != up_telemetry) return false;
  uint8_t columns = frame[at_columns];
  uint8_t kind = frame[at_kind];
  uint16_t rows = tg_get_u16(frame + at_rows);
  if (columns == 0 || kind < TG_F32 || kind > TG_I32 || rows == 0) return false;
  return length == header_bytes(columns) + rows * row_bytes(kind, columns);
}

size_t tg_command_update(uint8_t *memory, size_t capacity, const uint8_t *id, tg_state state, const char *json, size_t json_length) {
  if (capacity < TG_COMMAND_UPDATE_BYTES_MIN || capacity - TG_COMMAND_UPDATE_BYTES_MIN < json_length) return 0;
  memory[0] = TG_FRAME_VERSION;
  memory[1] = up_command_update;
  memory[2] = (uint8_t)state;
  memory[3] = 0;
  memcpy(memory + 4, id, TG_COMMAND_ID_BYTES);
  if (json_length > 0) memcpy(memory + TG_COMMAND_UPDATE_BYTES_MIN, json, json_length);
  return TG_COMMAND_UPDATE_BYTES_MIN + json_length;
}

size_t tg_time_request(uint8_t *memory, size_t capacity, uint32_t echo) {
  if (capacity < TG_TIME_REQUEST_BYTES) return 0;
  memory[0] = TG_FRAME_VERSION;
  memory[1] = up_time;
  tg_put_u16(memory + 2, 0);
  tg_put_u32(memory + 4, echo);
  return TG_TIME_REQUEST_BYTES;
}

static void read_welcome(tg_welcome *welcome, const uint8_t *bytes) {
  welcome->window = tg_get_u16(bytes + 2);
  welcome->last_seq = tg_get_u32(bytes + 4);
  welcome->server_time_ms = tg_get_u64(bytes + 8);
  welcome->frame_bytes_max = tg_get_u32(bytes + 16);
  welcome->keepalive_s = tg_get_u16(bytes + 20);
}

static void read_nack(tg_nack *nack, const uint8_t *bytes, size_t length) {
  nack->fault = tg_get_u16(bytes + 2);
  nack->seq = tg_get_u32(bytes + 4);
  nack->detail = (const char *)bytes + 8;
  nack->detail_length = length - 8;
}

static bool read_command(tg_command *command, const uint8_t *bytes, size_t length) {
  if (length - 32 < bytes[2]) return false;
  command->known = bytes[3];
  memcpy(command->id, bytes + 4, TG_COMMAND_ID_BYTES);
  command->left_ms = tg_get_u32(bytes + 20);
  command->expires_at_ms = tg_get_u64(bytes + 24);
  command->name = (const char *)bytes + 32;
  command->name_length = bytes[2];
  command->params = command->name + command->name_length;
  command->params_length = length - 32 - command->name_length;
  return true;
}

static size_t down_bytes_min(uint8_t type) {
  switch (type) {
    case TG_WELCOME: return 24;
    case TG_ACK:
    case TG_NACK: return 8;
    case TG_COMMAND: return 32;
    case TG_TIME: return 16;
    default: return SIZE_MAX; /* an unknown type is ignored, whatever its length */
  }
}

bool tg_down_parse(tg_down *down, const uint8_t *bytes, size_t length) {
  if (length < 2 || bytes[0] != TG_FRAME_VERSION || length < down_bytes_min(bytes[1])) return false;
  down->type = (tg_down_type)bytes[1];
  switch (down->type) {
    case TG_WELCOME: read_welcome(&down->as.welcome, bytes); return true;
    case TG_ACK:
      down->as.ack.window = tg_get_u16(bytes + 2);
      down->as.ack.seq = tg_get_u32(bytes + 4);
      return true;
    case TG_NACK: read_nack(&down->as.nack, bytes, length); return true;
    case TG_COMMAND: return read_command(&down->as.command, bytes, length);
    case TG_TIME:
      down->as.time.echo = tg_get_u32(bytes + 4);
      down->as.time.server_time_ms = tg_get_u64(bytes + 8);
      return true;
  }
  return false;
}

const char *tg_fault_code(uint16_t fault) {
  static const char *const codes[] = {
      "unknown",       "frame_malformed",    "frame_length",   "version_unsupported", "type_unknown",
      "metric_unknown", "value_invalid",     "value_out_of_range", "time_in_future",  "time_too_old",
      "too_many_series", "frame_too_large",  "seq_invalid",    "json_invalid",        "schema_invalid",
      "command_unknown", "command_state_invalid",
  };
  return codes[fault < sizeof codes / sizeof codes[0] ? fault : 0];
}
