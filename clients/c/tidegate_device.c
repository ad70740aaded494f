#include "tidegate_device.h"

#include <string.h>

#include "tidegate_json.h"

/* In a record of the log, the field of seq says what its base is: Unix ms, or the device's count of ms. Its seq follows from its index. */
enum { base_is_unix = 0, base_is_uptime = 1 };

enum { server_time_slack_ms = 1000, close_normal = 1000 };

static const uint32_t day_ms = 86400000;

static tg_command_kind no_command(void *context, const char *name, size_t name_length) {
  (void)context, (void)name, (void)name_length;
  return TG_COMMAND_UNKNOWN;
}

static const tg_command_hooks no_commands = {NULL, no_command, NULL, NULL};

static void report_news(const tg_device *device, tg_news news) {
  const tg_device_hooks *hooks = device->config.hooks;
  if (hooks->news != NULL) hooks->news(hooks->context, &news);
}

/* Time */

/* Every call of the caller updates the time here, so that a difference of two counts of ms is never longer than the time between two calls. */
static void advance(tg_device *device, uint32_t now_ms) {
  if (device->server_now_ms != 0) device->server_now_ms += now_ms - device->seen_ms;
  device->seen_ms = now_ms;
}

static uint32_t uptime_ms(const tg_device *device) {
  return device->seen_ms + device->uptime_shift_ms;
}

/*
 * The gateway's time is set once, and kept while it is right to a second. If every welcome set it, network delays would move the times of
 * readings, and two readings could get the same millisecond (I-1).
 */
static void learn_server_time(tg_device *device, uint64_t server_time_ms) {
  uint64_t slack = server_time_slack_ms;
  if (device->server_now_ms > server_time_ms + slack || device->server_now_ms + slack < server_time_ms)
    device->server_now_ms = server_time_ms;
}

uint64_t tg_device_server_time_ms(const tg_device *device, uint32_t now_ms) {
  return device->server_now_ms == 0 ? 0 : device->server_now_ms + (now_ms - device->seen_ms);
}

/* After a restart the count of ms may begin at 0. It continues from the newest record's count, so that times ascend and are never equal. */
static void resume_uptime(tg_device *device) {
  tg_log *log = device->config.log;
  uint8_t *frame = device->config.frame_memory;
  if (log->first == log->end) return;
  size_t length = log->read(log, log->end - 1, frame, device->config.frame_capacity);
  if (!tg_telemetry_is_whole(frame, length) || tg_telemetry_seq(frame) != base_is_uptime) return;
  uint32_t newest = (uint32_t)tg_telemetry_base(frame) + tg_telemetry_last_offset(frame, length);
  if ((int32_t)(uptime_ms(device) - newest) <= 0) device->uptime_shift_ms = newest + 1 - device->seen_ms;
}

/* After a restart the log may contain records that were dropped already. They stand before the saved numbering. */
static void resume_log(const tg_device *device) {
  tg_log *log = device->config.log;
  uint32_t behind = device->numbering.index - log->first;
  if (behind > 0 && behind <= log->end - log->first) log->drop(log, device->numbering.index);
}

static void stamp(tg_device *device, uint8_t *frame, size_t length) {
  int64_t base = tg_telemetry_base(frame);
  tg_telemetry_number(frame, base > 0 ? base_is_unix : base_is_uptime);
  if (base > 0) return;
  uint32_t age = base < INT32_MIN + 1 ? INT32_MAX : (uint32_t)-base;
  uint32_t first_row = uptime_ms(device) - age - tg_telemetry_last_offset(frame, length);
  tg_telemetry_set_base(frame, (int64_t)first_row);
}

/* Writes a record's seq, and its base as a time that the gateway understands. */
static void finish_frame(const tg_device *device, uint8_t *frame, uint32_t seq) {
  if (tg_telemetry_seq(frame) == base_is_uptime) {
    uint32_t age = uptime_ms(device) - (uint32_t)tg_telemetry_base(frame);
    tg_telemetry_set_base(frame, (int64_t)device->server_now_ms - age);
  }
  tg_telemetry_number(frame, seq);
}

/* Numbering */

static uint32_t seq_of(const tg_device *device, uint32_t index) {
  return device->numbering.seq + (index - device->numbering.index);
}

/* Seqs end at 2^32 - 1 (N-1); a stream that has used them all sends nothing more. */
static bool has_number(const tg_device *device, uint32_t index) {
  return device->numbering.seq != 0 && index - device->numbering.index <= UINT32_MAX - device->numbering.seq;
}

static void save_numbering(tg_device *device, uint32_t given) {
  const tg_device_hooks *hooks = device->config.hooks;
  tg_numbering saved = device->numbering;
  saved.given = given;
  device->saved_given = given;
  if (hooks->save_numbering != NULL) hooks->save_numbering(hooks->context, &saved);
}

/* How many records at the front are settled, and can be dropped. */
static uint32_t settled_first(const tg_device *device) {
  uint32_t count = 0;
  while (count < 64 && (device->settled >> count & 1) != 0) count++;
  return count;
}

static void drop_first(tg_device *device, uint32_t count) {
  tg_log *log = device->config.log;
  for (; count > 0; count = settled_first(device)) {
    log->drop(log, log->first + count);
    device->sent = device->sent > count ? device->sent - count : 0;
    device->settled = count < 64 ? device->settled >> count : 0;
  }
}

/* The record is never sent (again). It is dropped when all records before it are dropped. */
static void settle(tg_device *device, uint32_t place) {
  device->settled |= (uint64_t)1 << place;
  drop_first(device, settled_first(device));
}

static void number_from(tg_device *device, uint32_t seq) {
  device->numbering.index = device->config.log->first;
  device->numbering.seq = seq;
  device->numbering.given = 0;
  save_numbering(device, 0);
}

/*
 * N-3, N-4, N-14, N-17. Frames are also numbered again from the mark if their seqs are too far above it, which the gateway would refuse (N-7),
 * for example after it has forgotten the stream (N-10); and if the log's records have no seqs, because all are used or because the numbering was
 * saved for another log.
 */
static void take_mark(tg_device *device, uint32_t last_seq) {
  const tg_log *log = device->config.log;
  uint32_t given = device->numbering.given;
  if (given == 0 || last_seq > given || !has_number(device, log->first)) {
    number_from(device, last_seq + 1);
    return;
  }
  uint32_t first_seq = seq_of(device, log->first);
  if (last_seq >= first_seq) {
    uint32_t covered = last_seq - first_seq + 1;
    uint32_t held = log->end - log->first;
    drop_first(device, covered < held ? covered : held);
  } else if (first_seq - last_seq > TG_SEQ_JUMP_MAX) {
    number_from(device, last_seq + 1);
  }
}

/* The link's life */

static void wait_for(tg_device *device, uint32_t wait_ms) {
  tg_news news = {TG_NEWS_WAITING, 0, wait_ms, NULL, NULL};
  device->state = TG_WAITING;
  device->since_ms = device->seen_ms;
  device->wait_ms = wait_ms;
  report_news(device, news);
}

static void link_ended(tg_device *device, tg_ending ending) {
  const tg_device_hooks *hooks = device->config.hooks;
  tg_news news = {TG_NEWS_ENDED, 0, 0, NULL, &ending};
  tg_commands_link_ended(&device->commands);
  report_news(device, news);
  wait_for(device, tg_reconnect_delay_ms(&device->reconnect, &ending, hooks->random(hooks->context)));
}

static bool is_up(const tg_device *device) {
  return device->state == TG_CONNECTING || device->state == TG_WELCOMED;
}

static void abandon(tg_device *device) {
  const tg_device_hooks *hooks = device->config.hooks;
  hooks->close(hooks->context, 0, NULL, 0);
  link_ended(device, tg_ending_closed(TG_CLOSE_NONE, NULL, 0));
}

static void begin_link(tg_device *device) {
  const tg_device_hooks *hooks = device->config.hooks;
  tg_news news = {TG_NEWS_CONNECTING, 0, 0, NULL, NULL};
  device->state = TG_CONNECTING;
  device->since_ms = device->seen_ms;
  device->sent = 0;
  device->introduced = 0;
  report_news(device, news);
  if (!hooks->connect(hooks->context)) link_ended(device, tg_ending_closed(TG_CLOSE_NONE, NULL, 0));
}

static void welcomed(tg_device *device, const tg_down *down) {
  tg_news news = {TG_NEWS_WELCOME, down->as.welcome.last_seq, 0, down, NULL};
  if (device->state != TG_CONNECTING) return; /* a link has one welcome */
  device->state = TG_WELCOMED;
  device->since_ms = device->seen_ms;
  device->window = down->as.welcome.window;
  learn_server_time(device, down->as.welcome.server_time_ms);
  take_mark(device, down->as.welcome.last_seq);
  report_news(device, news);
}

/* Sending */

static bool send(tg_device *device, bool is_text, const uint8_t *bytes, size_t length) {
  const tg_device_hooks *hooks = device->config.hooks;
  return device->state == TG_WELCOMED && length > 0 && hooks->send(hooks->context, is_text, bytes, length);
}

bool tg_device_say(tg_device *device, const char *text, size_t length) {
  return send(device, true, (const uint8_t *)text, length);
}

bool tg_device_ask_time(tg_device *device, uint32_t echo) {
  uint8_t frame[TG_TIME_REQUEST_BYTES];
  return send(device, false, frame, tg_time_request(frame, sizeof frame, echo));
}

bool tg_device_send_unnumbered(tg_device *device, const uint8_t *frame, size_t length) {
  return tg_telemetry_is_whole(frame, length) && tg_telemetry_seq(frame) == 0 && send(device, false, frame, length);
}

static bool introduce(tg_device *device) {
  for (; device->introduced < device->config.introduction_count; device->introduced++) {
    const char *text = device->config.introductions[device->introduced];
    size_t length = 0;
    while (text[length] != '\0') length++;
    if (!tg_device_say(device, text, length)) return false;
  }
  return true;
}

static bool answer_commands(tg_device *device) {
  uint8_t slot;
  const tg_outcome *outcome;
  uint8_t *frame = device->config.frame_memory;
  while ((outcome = tg_commands_untold(&device->commands, &slot)) != NULL) {
    size_t length = tg_command_update(frame, device->config.frame_capacity, outcome->id, (tg_state)outcome->state, outcome->json,
                                      outcome->json_length);
    if (!send(device, false, frame, length)) return false;
    tg_commands_told(&device->commands, slot);
  }
  return true;
}

/* How many records from the first on may be in flight. */
static uint32_t reach(const tg_device *device) {
  const tg_log *log = device->config.log;
  uint32_t held = log->end - log->first;
  uint32_t window = device->window == 0 || device->window > TG_WINDOW_MAX ? TG_WINDOW_MAX : device->window;
  return held < window ? held : window;
}

/* The numbering is saved before the burst is sent. If it were saved afterwards, a crash between would make the seqs look like another device's. */
static void reserve_numbers(tg_device *device) {
  uint32_t last = device->config.log->first + reach(device) - 1;
  if (!has_number(device, last)) last = device->numbering.index + (UINT32_MAX - device->numbering.seq);
  if (seq_of(device, last) > device->saved_given) save_numbering(device, seq_of(device, last));
}

static void lose(tg_device *device, uint32_t seq) {
  tg_news news = {TG_NEWS_LOST, seq, 0, NULL, NULL};
  report_news(device, news);
}

/* Returns false if there is no room, or no seq left. */
static bool send_record(tg_device *device, uint32_t index) {
  tg_log *log = device->config.log;
  uint8_t *frame = device->config.frame_memory;
  uint32_t seq = seq_of(device, index);
  tg_news news = {TG_NEWS_SENT, seq, 0, NULL, NULL};
  if (!has_number(device, index)) return false;
  size_t length = log->read(log, index, frame, device->config.frame_capacity);
  if (!tg_telemetry_is_whole(frame, length)) {
    lose(device, seq);
    device->sent++;
    settle(device, index - log->first);
    return true;
  }
  finish_frame(device, frame, seq);
  if (!send(device, false, frame, length)) return false;
  if (device->sent++ == 0) device->unacked_since_ms = device->seen_ms;
  if (seq > device->numbering.given) device->numbering.given = seq;
  report_news(device, news);
  return true;
}

static void send_frames(tg_device *device) {
  if (device->sent >= reach(device) || device->numbering.seq == 0) return;
  reserve_numbers(device);
  while (device->sent < reach(device)) {
    if ((device->settled >> device->sent & 1) != 0) device->sent++;
    else if (!send_record(device, device->config.log->first + device->sent)) return;
  }
}

/* Receiving */

/* The gateway has answered: a row of failures is over, and the next answer is overdue in 30 s. */
static void answered(tg_device *device) {
  device->unacked_since_ms = device->seen_ms;
  tg_reconnect_held(&device->reconnect);
}

static void acked(tg_device *device, const tg_down *down) {
  uint32_t first_seq = seq_of(device, device->config.log->first);
  uint32_t seq = down->as.ack.seq;
  tg_news news = {TG_NEWS_ACKED, seq, 0, down, NULL};
  if (down->as.ack.window != 0) device->window = down->as.ack.window;
  /* An answer can only be about frames that were sent on this link. */
  if (seq - first_seq < device->sent) {
    drop_first(device, seq - first_seq + 1);
    answered(device);
  }
  report_news(device, news);
}

static void nacked(tg_device *device, const tg_down *down) {
  uint32_t seq = down->as.nack.seq;
  uint32_t place = seq - seq_of(device, device->config.log->first);
  tg_news news = {TG_NEWS_NACKED, seq, 0, down, NULL};
  if (seq != 0 && place < device->sent) {
    settle(device, place);
    answered(device);
  }
  report_news(device, news);
}

static void take_time(tg_device *device, const tg_down *down) {
  tg_news news = {TG_NEWS_TIME, 0, 0, down, NULL};
  learn_server_time(device, down->as.time.server_time_ms);
  report_news(device, news);
}

void tg_device_received(tg_device *device, uint32_t now_ms, bool is_text, const uint8_t *bytes, size_t length) {
  tg_down down;
  tg_device_heard(device, now_ms);
  if (!is_up(device) || is_text || !tg_down_parse(&down, bytes, length)) return;
  if (down.type == TG_WELCOME) welcomed(device, &down);
  if (device->state != TG_WELCOMED) return;
  if (down.type == TG_ACK) acked(device, &down);
  if (down.type == TG_NACK) nacked(device, &down);
  if (down.type == TG_TIME) take_time(device, &down);
  if (down.type == TG_COMMAND) tg_commands_receive(&device->commands, &down.as.command, device->server_now_ms);
}

void tg_device_heard(tg_device *device, uint32_t now_ms) {
  advance(device, now_ms);
  device->heard_ms = now_ms;
}

void tg_device_refused(tg_device *device, uint32_t now_ms, uint16_t status, uint32_t retry_after_s) {
  advance(device, now_ms);
  if (is_up(device)) link_ended(device, tg_ending_refused(status, retry_after_s));
}

void tg_device_closed(tg_device *device, uint32_t now_ms, uint16_t code, const char *reason, size_t reason_length) {
  advance(device, now_ms);
  if (is_up(device)) link_ended(device, tg_ending_closed(code, reason, reason_length));
}

/* What the caller wants */

bool tg_device_init(tg_device *device, const tg_device_config *config, uint32_t now_ms) {
  const tg_command_hooks *command_hooks = config->command_hooks == NULL ? &no_commands : config->command_hooks;
  const tg_device_hooks *hooks = config->hooks;
  memset(device, 0, sizeof *device);
  device->config = *config;
  if (hooks->connect == NULL || hooks->send == NULL || hooks->close == NULL || hooks->random == NULL) return false;
  if (config->frame_capacity < TG_COMMAND_UPDATE_BYTES_MIN + TG_OUTCOME_BYTES) return false;
  if (!tg_commands_init(&device->commands, command_hooks, config->outcomes, config->outcome_count)) return false;
  if (config->numbering != NULL) device->numbering = *config->numbering;
  device->saved_given = device->numbering.given;
  device->seen_ms = now_ms;
  if (config->numbering != NULL) resume_log(device);
  resume_uptime(device);
  device->state = TG_WAITING;
  device->since_ms = now_ms;
  return true;
}

static void drop_oldest(tg_device *device) {
  bool numbered = device->numbering.given != 0;
  lose(device, numbered ? seq_of(device, device->config.log->first) : 0);
  drop_first(device, 1);
}

tg_append_result tg_device_append(tg_device *device, uint32_t now_ms, uint8_t *frame, size_t length) {
  tg_log *log = device->config.log;
  advance(device, now_ms);
  if (!tg_telemetry_is_whole(frame, length)) return TG_FRAME_MALFORMED;
  if (length > device->config.frame_capacity || length > log->record_bytes_max) return TG_FRAME_TOO_LONG;
  stamp(device, frame, length);
  while (!log->append(log, frame, length)) {
    if (!device->config.drop_oldest || log->first == log->end) return TG_LOG_FULL;
    drop_oldest(device);
  }
  return TG_APPENDED;
}

void tg_device_introduce(tg_device *device, const char *const *texts, uint8_t count) {
  device->config.introductions = texts;
  device->config.introduction_count = count;
  device->introduced = 0;
}

void tg_device_connect_now(tg_device *device) {
  if (is_up(device)) return;
  device->state = TG_WAITING;
  device->wait_ms = 0;
}

static void leave(tg_device *device, const char *reason, size_t reason_length) {
  const tg_device_hooks *hooks = device->config.hooks;
  tg_ending ending = tg_ending_closed(close_normal, NULL, 0);
  tg_news news = {TG_NEWS_ENDED, 0, 0, NULL, &ending};
  if (!is_up(device)) return;
  hooks->close(hooks->context, close_normal, reason, reason_length);
  tg_commands_link_ended(&device->commands);
  report_news(device, news);
}

void tg_device_sleep(tg_device *device, uint32_t now_ms, uint32_t back_in_ms) {
  char reason[40] = "{\"backInMs\":";
  size_t length = sizeof "{\"backInMs\":" - 1;
  advance(device, now_ms);
  length += tg_json_put_integer(reason + length, sizeof reason - length - 1, back_in_ms);
  reason[length++] = '}';
  leave(device, reason, length);
  wait_for(device, back_in_ms);
}

void tg_device_stop(tg_device *device, uint32_t now_ms) {
  advance(device, now_ms);
  leave(device, NULL, 0);
  device->state = TG_IDLE;
}

bool tg_device_update_command(tg_device *device, const uint8_t *id, tg_state state, const char *json, size_t json_length) {
  return tg_commands_update(&device->commands, id, state, json, json_length);
}

/* Poll */

static uint32_t left_ms(const tg_device *device, uint32_t since_ms, uint32_t span_ms) {
  uint32_t passed = device->seen_ms - since_ms;
  return passed < span_ms ? span_ms - passed : 0;
}

static uint32_t sooner(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static uint32_t poll_welcomed(tg_device *device) {
  uint32_t patience = left_ms(device, device->heard_ms, TG_SILENCE_MS);
  if (device->sent > 0) patience = sooner(patience, left_ms(device, device->unacked_since_ms, TG_ACK_OVERDUE_MS));
  if (patience == 0) {
    abandon(device);
    return device->wait_ms;
  }
  if (left_ms(device, device->since_ms, TG_HELD_MS) == 0) {
    device->since_ms = device->seen_ms;
    tg_reconnect_held(&device->reconnect);
  }
  if (introduce(device) && answer_commands(device)) send_frames(device);
  return device->sent > 0 ? sooner(patience, TG_ACK_OVERDUE_MS) : patience;
}

uint32_t tg_device_poll(tg_device *device, uint32_t now_ms) {
  advance(device, now_ms);
  if (device->state == TG_WAITING && left_ms(device, device->since_ms, device->wait_ms) == 0) begin_link(device);
  switch (device->state) {
    case TG_IDLE: return day_ms;
    case TG_WAITING: return left_ms(device, device->since_ms, device->wait_ms);
    case TG_CONNECTING: break;
    case TG_WELCOMED: return poll_welcomed(device);
  }
  uint32_t left = left_ms(device, device->since_ms, TG_CONNECT_MS);
  if (left > 0) return left;
  abandon(device);
  return device->wait_ms;
}
