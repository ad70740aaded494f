/* The WebSocket client's end. */
#include <string.h>

#include "tests/tests.h"
#include "tidegate_accept.h"
#include "tidegate_socket.h"

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

static uint32_t next_random(void *context) {
  static uint32_t state = 1;
  (void)context;
  return state = state * 1664525u + 1013904223u;
}

static const tg_socket_hooks hearing = {NULL, hear_message, hear_ping, hear_end, next_random, NULL};
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

static void a_refusal_is_reported_with_its_status_and_retry_after(void) {
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

static void messages_are_assembled_however_the_bytes_arrive(void) {
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

static void a_message_that_is_too_long_is_skipped_and_the_next_one_is_read(void) {
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

static void messages_are_masked_and_refused_if_there_is_no_room(void) {
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

const test_case socket_tests[] = {
    TEST(the_upgrade_asks_as_the_protocol_says),
    TEST(a_refusal_is_reported_with_its_status_and_retry_after),
    TEST(messages_are_assembled_however_the_bytes_arrive),
    TEST(a_message_that_is_too_long_is_skipped_and_the_next_one_is_read),
    TEST(what_breaks_the_framing_ends_the_link),
    TEST(messages_are_masked_and_refused_if_there_is_no_room),
    TEST(sha_1_of_the_rfcs_example_is_accepted_and_no_other),
    {NULL, NULL},
};
