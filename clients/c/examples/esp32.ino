/*
 * An ESP32 that sends its chip's temperature every ten seconds, and takes the command set_interval {"seconds":5}. Put it into a folder `esp32`,
 * beside the library's tidegate_*.h and .c files.
 *
 * It was compiled against stand-ins of the headers that it includes (tests/arduino), and not run on hardware. WiFiClient has no TLS: for a
 * gateway outside your own network use WiFiClientSecure, with the certificate of its authority.
 */
#include <stdio.h>
#include <string.h>

#include <WiFi.h>

#include "tidegate_device.h"
#include "tidegate_json.h"
#include "tidegate_socket.h"

static const char *const wifi_name = "…";
static const char *const wifi_password = "…";
static const char *const gateway_host = "192.168.1.10";
static const uint16_t gateway_port = 8080;
static const char *const device_id = "boiler-7";
static const char *const device_secret = "tgd_…"; /* tidegate device add boiler-7 */

/* Use a new table number whenever the table changes, so that frames of the old firmware keep their meaning. */
static const char *const introductions[] = {
    "{\"type\":\"hello\",\"agent\":\"esp32 example\",\"expectEveryMs\":10000}",
    "{\"type\":\"metrics\",\"table\":1,\"metrics\":[{\"name\":\"temperature\",\"unit\":\"Cel\"}]}",
};

static WiFiClient connection;
static tg_device device;
static tg_socket link_socket;
static tg_log readings;
static tg_ring ring;
static uint8_t ring_memory[12288]; /* 361 readings: an hour offline */
static uint8_t frame_memory[128];
static uint8_t socket_in[1100];
static uint8_t socket_out[1024];
static tg_outcome outcomes[TG_OUTCOMES_MIN];
static uint32_t interval_ms = 10000;
static uint32_t last_reading_ms;

/* From the socket to the device */

static void took_message(void *, bool is_text, const uint8_t *bytes, size_t length) {
  tg_device_received(&device, millis(), is_text, bytes, length);
}

static void heard(void *) {
  tg_device_heard(&device, millis());
}

static void ended(void *, const tg_socket_end *end) {
  if (end->status != 0) tg_device_refused(&device, millis(), end->status, end->retry_after_s);
  else tg_device_closed(&device, millis(), end->code, end->reason, end->reason_length);
}

/* Truly random while Wi-Fi is on. */
static uint32_t random_bits(void *) {
  return esp_random();
}

static const tg_socket_hooks socket_hooks = {NULL, took_message, heard, ended, random_bits, NULL};

/* From the device to the socket */

static void write_out() {
  size_t length;
  const uint8_t *bytes = tg_socket_output(&link_socket, &length);
  if (length > 0) tg_socket_written(&link_socket, connection.write(bytes, length));
}

static bool connect_link(void *) {
  const tg_upgrade upgrade = {gateway_host, "/v1/device?stream=main", device_id, device_secret, "tidegate.v1.binary"};
  connection.stop();
  tg_socket_lost(&link_socket);
  if (WiFi.status() != WL_CONNECTED || connection.connect(gateway_host, gateway_port, 5000) != 1) return false;
  connection.setNoDelay(true);
  return tg_socket_open(&link_socket, &upgrade);
}

static bool send_message(void *, bool is_text, const uint8_t *bytes, size_t length) {
  return tg_socket_send(&link_socket, is_text, bytes, length);
}

static void close_link(void *, uint16_t code, const char *reason, size_t reason_length) {
  tg_socket_close(&link_socket, code, reason, reason_length);
  if (code != 0) write_out();
  connection.stop();
}

static const tg_device_hooks hooks = {NULL, connect_link, send_message, close_link, random_bits, NULL, NULL};

/* Commands */

static tg_command_kind kind_of(void *, const char *name, size_t length) {
  return length == 12 && memcmp(name, "set_interval", 12) == 0 ? TG_COMMAND_IDEMPOTENT : TG_COMMAND_UNKNOWN;
}

static tg_state run(void *, const tg_command *command, char *json, size_t capacity, size_t *json_length) {
  int64_t seconds;
  if (!tg_json_integer(command->params, command->params_length, "seconds", &seconds) || seconds < 1 || seconds > 3600) {
    *json_length = snprintf(json, capacity, "{\"code\":\"seconds_invalid\"}");
    return TG_REJECTED;
  }
  interval_ms = (uint32_t)seconds * 1000;
  last_reading_ms = millis();
  *json_length = snprintf(json, capacity, "{\"seconds\":%lu}", (unsigned long)seconds);
  return TG_SUCCEEDED;
}

static const tg_command_hooks command_hooks = {NULL, kind_of, run, NULL};

static void serve_connection() {
  uint8_t bytes[512];
  int available;
  write_out();
  while ((available = connection.available()) > 0) {
    int taken = connection.read(bytes, available < (int)sizeof bytes ? available : sizeof bytes);
    if (taken <= 0) break;
    tg_socket_input(&link_socket, bytes, (size_t)taken);
  }
  if (tg_socket_is_done(&link_socket)) connection.stop();
  if (!connection.connected()) tg_socket_lost(&link_socket);
}

/* The chip has no clock, so the reading is 0 ms old. The device knows later what time that was. */
static void take_reading() {
  static const uint16_t metric = 0;
  uint8_t frame[TG_TELEMETRY_BYTES(1, 1, 4)];
  tg_telemetry telemetry;
  float celsius = temperatureRead();
  tg_telemetry_begin(&telemetry, frame, sizeof frame, TG_F32, 1, &metric, 1, 0);
  tg_telemetry_row_f32(&telemetry, 0, &celsius);
  tg_device_append(&device, millis(), frame, telemetry.length);
}

void setup() {
  tg_device_config config = {};
  WiFi.begin(wifi_name, wifi_password);
  tg_ring_init(&readings, &ring, ring_memory, sizeof ring_memory);
  tg_socket_init(&link_socket, &socket_hooks, socket_in, sizeof socket_in, socket_out, sizeof socket_out);
  config.hooks = &hooks;
  config.command_hooks = &command_hooks;
  config.outcomes = outcomes;
  config.outcome_count = TG_OUTCOMES_MIN;
  config.log = &readings;
  config.frame_memory = frame_memory;
  config.frame_capacity = sizeof frame_memory;
  config.introductions = introductions;
  config.introduction_count = 2;
  config.drop_oldest = true;
  tg_device_init(&device, &config, millis());
}

void loop() {
  if (millis() - last_reading_ms >= interval_ms) {
    last_reading_ms += interval_ms;
    take_reading();
  }
  tg_device_poll(&device, millis());
  serve_connection();
  delay(10);
}
