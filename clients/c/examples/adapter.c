/*
 * The adapter by which the conformance runner drives this client (clients/CONFORMANCE.md): it reads JSON lines with orders from stdin, and reports
 * events as JSON lines on stdout.
 *
 *     tidegate-sim conform --encoding binary -- clients/c/build/adapter
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_log.h"
#include "json_line.h"
#include "posix_link.h"

enum { tables_max = 8, table_bytes = 1024, columns_max = 16, line_bytes = 8192 };

/* The metric tables that frames of the log may need; the firmware's own is the last. They are saved as they are. */
typedef struct {
  uint32_t count;
  char texts[tables_max][table_bytes];
} metric_tables;

static tg_device device;
static posix_link link_;
static tg_log log_;
static file_log log_file;
static metric_tables tables;
static const char *introductions[1 + tables_max] = {"{\"type\":\"hello\",\"agent\":\"tidegate-c adapter\"}"};
static tg_outcome outcomes[TG_OUTCOMES_MIN];
static uint8_t frame_memory[512];
static const char *state_folder;
static bool is_stopping;
static bool close_was_shown;

/* Out */

static void show_ended(const tg_socket_end *end) {
  if (end->status != 0) return; /* the news hook reports it */
  printf("{\"event\":\"closed\",\"code\":%u,\"reason\":\"", end->code);
  for (size_t i = 0; i < end->reason_length; i++) printf(strchr("\"\\", end->reason[i]) != NULL ? "\\%c" : "%c", end->reason[i]);
  printf("\"}\n");
  close_was_shown = true;
}

static void show_ending(const tg_ending *ending) {
  if (ending->status != 0) printf("{\"event\":\"refused\",\"status\":%u}\n", ending->status);
  else if (!close_was_shown) printf("{\"event\":\"closed\",\"code\":%u,\"reason\":\"\"}\n", ending->code);
  close_was_shown = false;
}

static void show_nack(const tg_nack *nack) {
  const char *code = tg_fault_code(nack->fault);
  char unknown[16];
  snprintf(unknown, sizeof unknown, "fault_%u", nack->fault);
  printf("{\"event\":\"nacked\",\"seq\":%lu,\"code\":\"%s\"}\n", (unsigned long)nack->seq, strcmp(code, "unknown") == 0 ? unknown : code);
}

static void show(void *context, const tg_news *news) {
  unsigned long seq = news->seq;
  (void)context;
  switch (news->type) {
    case TG_NEWS_CONNECTING: printf("{\"event\":\"connecting\"}\n"); break;
    case TG_NEWS_WELCOME:
      printf("{\"event\":\"welcome\",\"lastSeq\":%lu}\n", seq);
      if (seq > 0) printf("{\"event\":\"acked\",\"seq\":%lu}\n", seq);
      break;
    case TG_NEWS_SENT: printf("{\"event\":\"sent\",\"seq\":%lu}\n", seq); break;
    case TG_NEWS_ACKED: printf("{\"event\":\"acked\",\"seq\":%lu}\n", seq); break;
    case TG_NEWS_NACKED: show_nack(&news->down->as.nack); break;
    case TG_NEWS_TIME: printf("{\"event\":\"time\",\"serverTime\":%llu}\n", (unsigned long long)news->down->as.time.server_time_ms); break;
    case TG_NEWS_LOST: printf("{\"event\":\"lost\",\"seq\":%lu}\n", seq); break;
    case TG_NEWS_ENDED: show_ending(news->ending); break;
    case TG_NEWS_WAITING: printf("{\"event\":\"waiting\",\"ms\":%lu}\n", (unsigned long)news->wait_ms); break;
  }
  fflush(stdout);
}

/* Saved files */

static void save_numbering(void *context, const tg_numbering *numbering) {
  (void)context;
  state_write(state_folder, "numbering", numbering, sizeof *numbering);
}

static bool save_outcome(void *context, uint8_t slot, const tg_outcome *outcome) {
  (void)context, (void)slot, (void)outcome;
  return state_write(state_folder, "outcomes", outcomes, sizeof outcomes);
}

/* Commands */

static const struct {
  const char *name;
  tg_command_kind kind;
} known_commands[] = {{"add", TG_COMMAND_ONCE}, {"set_interval", TG_COMMAND_IDEMPOTENT}, {"fail", TG_COMMAND_ONCE}};

static tg_command_kind command_kind(void *context, const char *name, size_t name_length) {
  json_value wanted = {name, name_length};
  (void)context;
  for (size_t i = 0; i < sizeof known_commands / sizeof known_commands[0]; i++)
    if (json_is(wanted, known_commands[i].name)) return known_commands[i].kind;
  return TG_COMMAND_UNKNOWN;
}

static double parameter(const tg_command *command, const char *name) {
  json_value params = {command->params, command->params_length};
  double number = 0;
  json_number(json_member(params, name), &number);
  return number;
}

static void show_executed(const tg_command *command) {
  printf("{\"event\":\"executed\",\"id\":\"");
  for (size_t i = 0; i < TG_COMMAND_ID_BYTES; i++) printf(i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", command->id[i]);
  printf("\",\"name\":\"%.*s\"}\n", (int)command->name_length, command->name);
  fflush(stdout);
}

static tg_state run_command(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  json_value name = {command->name, command->name_length};
  int written = 0;
  (void)context;
  show_executed(command);
  if (json_is(name, "add")) written = snprintf(json, capacity, "{\"sum\":%.15g}", parameter(command, "a") + parameter(command, "b"));
  if (json_is(name, "set_interval")) written = snprintf(json, capacity, "{\"interval\":%.15g}", parameter(command, "seconds"));
  if (json_is(name, "fail")) written = snprintf(json, capacity, "{\"code\":\"broken\"}");
  *json_length = (size_t)written;
  return json_is(name, "fail") ? TG_FAILED : TG_SUCCEEDED;
}

/* In */

static json_value text_value(const char *text) {
  json_value value = {text, strlen(text)};
  return value;
}

static void introduce(void) {
  for (uint32_t i = 0; i < tables.count; i++) introductions[1 + i] = tables.texts[i];
  tg_device_introduce(&device, introductions, (uint8_t)(1 + tables.count));
}

static bool is_same_member(const char *a, const char *b, const char *name) {
  json_value left = json_member(text_value(a), name);
  json_value right = json_member(text_value(b), name);
  return left.length == right.length && memcmp(left.at, right.at, left.length) == 0;
}

/* Replaces the table with this number, or the oldest one if there are eight. */
static void take_metrics(json_value line) {
  char text[table_bytes];
  json_value number = json_member(line, "table");
  json_value metrics = json_member(line, "metrics");
  int length = snprintf(text, sizeof text, "{\"type\":\"metrics\",%s%.*s%s\"metrics\":%.*s}", number.length > 0 ? "\"table\":" : "",
                        (int)number.length, number.at, number.length > 0 ? "," : "", (int)metrics.length, metrics.at);
  if (length >= (int)sizeof text) return;
  uint32_t gone = 0;
  while (gone < tables.count && !is_same_member(tables.texts[gone], text, "table")) gone++;
  if (gone == tables.count && tables.count == tables_max) gone = 0;
  if (gone < tables.count) memmove(tables.texts[gone], tables.texts[gone + 1], (--tables.count - gone) * table_bytes);
  memcpy(tables.texts[tables.count++], text, (size_t)length + 1);
  state_write(state_folder, "tables", &tables, sizeof tables);
  introduce();
}

/* The number and the scale of a metric in the newest table. Returns false if the table does not have it. */
static bool find_metric(json_value name, uint16_t *number, double *scale) {
  json_value metrics = json_member(text_value(tables.texts[tables.count - 1]), "metrics");
  json_value metric;
  json_value key;
  size_t at = 0;
  for (*number = 0; json_next(metrics, &at, &key, &metric); (*number)++) {
    json_value found = json_member(metric, "name");
    if (found.length != name.length || memcmp(found.at, name.at, name.length) != 0) continue;
    *scale = 1;
    json_number(json_member(metric, "scale"), scale);
    return true;
  }
  return false;
}

/* The gateway multiplies by the scale, so the frame has the number of steps. */
static uint8_t read_values(json_value values, uint16_t *metrics, double *numbers) {
  json_value name;
  json_value value;
  double scale;
  uint8_t count = 0;
  for (size_t at = 0; count < columns_max && json_next(values, &at, &name, &value);) {
    if (!json_number(value, &numbers[count]) || !find_metric(name, &metrics[count], &scale)) continue;
    if (scale != 1) numbers[count] = round(numbers[count] / scale);
    count++;
  }
  return count;
}

static void take_reading(json_value line) {
  uint8_t frame[TG_TELEMETRY_BYTES(columns_max, 1, 8)];
  uint16_t metrics[columns_max];
  double numbers[columns_max];
  double ts = 0;
  double table = 0;
  tg_telemetry telemetry;
  if (tables.count == 0) return;
  json_number(json_member(line, "ts"), &ts);
  json_number(json_member(text_value(tables.texts[tables.count - 1]), "table"), &table);
  uint8_t columns = read_values(json_member(line, "values"), metrics, numbers);
  if (!tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_F64, (uint16_t)table, metrics, columns, (int64_t)ts)) return;
  tg_telemetry_row_f64(&telemetry, 0, numbers);
  if (tg_device_append(&device, posix_now_ms(), frame, telemetry.length) != TG_APPENDED) fprintf(stderr, "a reading has no room\n");
}

static void go_to_sleep(json_value line) {
  double back_in_ms = 0;
  json_number(json_member(line, "backInMs"), &back_in_ms);
  tg_device_sleep(&device, posix_now_ms(), (uint32_t)back_in_ms);
}

static void obey(json_value line) {
  json_value what = json_member(line, "do");
  if (json_is(what, "send")) take_reading(line);
  if (json_is(what, "metrics")) take_metrics(line);
  if (json_is(what, "reconnect")) tg_device_connect_now(&device);
  if (json_is(what, "sleep")) go_to_sleep(line);
  if (json_is(what, "stop")) is_stopping = true;
}

/* Reads the available input and carries out each complete line. At the end of input it stops. */
static void read_lines(void) {
  static char text[line_bytes];
  static size_t length;
  ssize_t taken = read(STDIN_FILENO, text + length, sizeof text - length);
  if (taken <= 0) is_stopping = true;
  if (taken > 0) length += (size_t)taken;
  char *end;
  while (!is_stopping && (end = memchr(text, '\n', length)) != NULL) {
    json_value line = {text, (size_t)(end - text)};
    obey(line);
    length -= line.length + 1;
    memmove(text, end + 1, length);
  }
  if (length == sizeof text) length = 0; /* such a long line is dropped */
}

static const tg_device_hooks hooks = {&link_, posix_link_connect, posix_link_send, posix_link_close, posix_random, save_numbering, show};
static const tg_command_hooks command_hooks = {NULL, command_kind, run_command, save_outcome};

static bool start(const char *url, const char *stream, const char *id, const char *secret) {
  static tg_numbering numbering;
  bool remembers = state_read(state_folder, "numbering", &numbering, sizeof numbering);
  const tg_device_config config = {.hooks = &hooks,
                                   .command_hooks = &command_hooks,
                                   .outcomes = outcomes,
                                   .outcome_count = TG_OUTCOMES_MIN,
                                   .log = &log_,
                                   .frame_memory = frame_memory,
                                   .frame_capacity = sizeof frame_memory,
                                   .numbering = remembers ? &numbering : NULL};
  state_read(state_folder, "outcomes", outcomes, sizeof outcomes);
  if (!state_read(state_folder, "tables", &tables, sizeof tables)) tables.count = 0;
  if (!file_log_open(&log_, &log_file, state_folder)) return false;
  if (!posix_link_init(&link_, &device, url, stream, id, secret)) return false;
  link_.ended = show_ended;
  if (!tg_device_init(&device, &config, posix_now_ms())) return false;
  introduce();
  return true;
}

int main(void) {
  const char *url = getenv("TIDEGATE_URL");
  const char *id = getenv("TIDEGATE_DEVICE");
  const char *secret = getenv("TIDEGATE_SECRET");
  const char *stream = getenv("TIDEGATE_STREAM");
  state_folder = getenv("TIDEGATE_STATE");
  if (url == NULL || id == NULL || secret == NULL || stream == NULL || state_folder == NULL || !start(url, stream, id, secret)) {
    fprintf(stderr, "the adapter needs TIDEGATE_URL, _DEVICE, _SECRET, _STREAM and _STATE, a folder that it can write to\n");
    return 64;
  }
  while (!is_stopping)
    if (posix_link_step(&link_, STDIN_FILENO, 60000)) read_lines();
  tg_device_stop(&device, posix_now_ms());
  file_log_close(&log_file);
  return 0;
}
