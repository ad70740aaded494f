/*
 * The binary frames of the Tidegate device protocol, version 1 (PROTOCOL.md §6): building the frames of a device, and reading those of the
 * gateway. These are pure functions over the caller's memory, which can be used without the rest of this library.
 */
#ifndef TIDEGATE_FRAME_H
#define TIDEGATE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_FRAME_VERSION 1
#define TG_COMMAND_ID_BYTES 16
/* The length of a frame with one column and one row of f32; a telemetry frame is never shorter. */
#define TG_TELEMETRY_BYTES_MIN 32
/* The memory that `columns` and `rows` need: the header padded to a multiple of 8, then the rows. f64 rows have 4 more bytes before the values. */
#define TG_TELEMETRY_BYTES(columns, rows, value_bytes) \
  (((20u + 2u * (columns) + 7u) & ~7u) + (rows) * ((value_bytes) == 8u ? 8u + 8u * (columns) : 4u + 4u * (columns)))
#define TG_COMMAND_UPDATE_BYTES_MIN 20
#define TG_TIME_REQUEST_BYTES 8

typedef enum { TG_F32 = 1, TG_F64 = 2, TG_I32 = 3 } tg_kind;

/* The smallest i32 is "no value" (B-4); for f32 and f64 it is NaN. */
#define TG_NO_I32 INT32_MIN

/* A telemetry frame under construction: columns are metrics, rows are samples (B-3). It can be sent when it has at least one row. */
typedef struct {
  uint8_t *bytes;
  size_t capacity;
  size_t length;
} tg_telemetry;

/*
 * Begins a frame in `memory`. `metrics` are the `columns` (1-255) metric numbers within the metric table `metric_table`
 * (0: the one this link declared without a number). `base_ms` above 0 is Unix ms; at or below 0 the last row is -base_ms old.
 * Its seq is 0 until tg_telemetry_number. Returns false if there are no columns or the header does not fit.
 */
bool tg_telemetry_begin(tg_telemetry *telemetry, uint8_t *memory, size_t capacity, tg_kind kind, uint16_t metric_table,
                        const uint16_t *metrics, uint8_t columns, int64_t base_ms);

/*
 * Adds a row: `offset_ms` after the base, and one value per column. Returns false, and leaves the frame unchanged, if the row does not fit,
 * the frame has 65,535 rows already, or it is of another kind. Infinity is not checked: the gateway nacks it (value_invalid).
 */
bool tg_telemetry_row_f32(tg_telemetry *telemetry, uint32_t offset_ms, const float *values);
bool tg_telemetry_row_f64(tg_telemetry *telemetry, uint32_t offset_ms, const double *values);
bool tg_telemetry_row_i32(tg_telemetry *telemetry, uint32_t offset_ms, const int32_t *values);

/* Seq, base, and last row's offset of a finished frame, for which tg_telemetry_is_whole must be true. */
void tg_telemetry_number(uint8_t *frame, uint32_t seq);
uint32_t tg_telemetry_seq(const uint8_t *frame);
void tg_telemetry_set_base(uint8_t *frame, int64_t base_ms);
int64_t tg_telemetry_base(const uint8_t *frame);
uint32_t tg_telemetry_last_offset(const uint8_t *frame, size_t length);

/* Whether these bytes are a telemetry frame with at least one row, and exactly as long as its header says (B-2). */
bool tg_telemetry_is_whole(const uint8_t *frame, size_t length);

typedef enum { TG_RECEIVED = 1, TG_RUNNING = 2, TG_SUCCEEDED = 3, TG_FAILED = 4, TG_REJECTED = 5 } tg_state;

/* Builds a command update. `json` is the result or the error, and may be empty. Returns its length, or 0 if it does not fit. */
size_t tg_command_update(uint8_t *memory, size_t capacity, const uint8_t *id, tg_state state, const char *json, size_t json_length);

/* Builds a request for the time (H-10). Returns 8, or 0 if it does not fit. */
size_t tg_time_request(uint8_t *memory, size_t capacity, uint32_t echo);

typedef enum { TG_WELCOME = 0x81, TG_ACK = 0x82, TG_NACK = 0x83, TG_COMMAND = 0x84, TG_TIME = 0x85 } tg_down_type;

typedef struct {
  uint16_t window;
  uint32_t last_seq;
  uint64_t server_time_ms;
  uint32_t frame_bytes_max;
  uint16_t keepalive_s;
} tg_welcome;

typedef struct {
  uint16_t window; /* 0: as before */
  uint32_t seq;
} tg_ack;

typedef struct {
  uint16_t fault;
  uint32_t seq;
  const char *detail; /* not terminated */
  size_t detail_length;
} tg_nack;

typedef struct {
  uint8_t id[TG_COMMAND_ID_BYTES];
  uint8_t known; /* C-2: 0 never sent before, 1 received, 2 running, 255 sent but unconfirmed */
  uint32_t left_ms; /* 0: no limit */
  uint64_t expires_at_ms; /* Unix ms by the gateway's clock; 0: no limit */
  const char *name; /* not terminated */
  size_t name_length;
  const char *params; /* JSON, not terminated; may be empty */
  size_t params_length;
} tg_command;

typedef struct {
  uint32_t echo;
  uint64_t server_time_ms;
} tg_time;

/* A message of the gateway. Its pointers point into the parsed bytes. */
typedef struct {
  tg_down_type type;
  union {
    tg_welcome welcome;
    tg_ack ack;
    tg_nack nack;
    tg_command command;
    tg_time time;
  } as;
} tg_down;

/* Returns false for a message that a device ignores: another version, an unknown type, too few bytes. Reserved and trailing bytes do not matter (B-8). */
bool tg_down_parse(tg_down *down, const uint8_t *bytes, size_t length);

/* The fault's code as text, such as "value_invalid"; "unknown" for numbers of later versions. */
const char *tg_fault_code(uint16_t fault);

#ifdef __cplusplus
}
#endif

#endif
