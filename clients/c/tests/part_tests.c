/* The log, JSON numbers, and the delays of reconnecting. */
#include <string.h>

#include "tests/tests.h"
#include "tidegate_json.h"
#include "tidegate_log.h"
#include "tidegate_reconnect.h"

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

static void the_retry_after_of_the_gateway_is_waited_before_the_jitter(void) {
  static const struct {
    tg_ending ending;
    uint32_t least_ms;
  } cases[] = {{{0, 4001, 5000}, 5000}, {{503, 0, 7000}, 7000}};
  for (size_t i = 0; i < count_of(cases); i++) {
    tg_reconnect reconnect = {TG_SOON, 0};
    expect(tg_reconnect_delay_ms(&reconnect, &cases[i].ending, UINT32_MAX) == cases[i].least_ms + 499);
  }
  static const char reason[] = "{\"retryAfterMs\":5000}";
  expect(tg_ending_closed(4001, reason, sizeof reason - 1).retry_after_ms == 5000);
  expect(tg_ending_closed(4101, reason, sizeof reason - 1).retry_after_ms == 0);
  expect(tg_ending_closed(4001, "{\"retryAfterMs\":-1}", 19).retry_after_ms == 0);
  expect(tg_ending_closed(4001, "{\"retryAfterMs\":99999999999}", 28).retry_after_ms == 3600000);
  expect(tg_ending_refused(503, 7).retry_after_ms == 7000 && tg_ending_refused(503, UINT32_MAX).retry_after_ms == 3600000);
}

const test_case part_tests[] = {
    TEST(a_ring_gives_back_what_it_took_at_every_size_and_refuses_what_has_no_room),
    TEST(a_whole_number_is_found_among_the_members_of_the_outermost_object_only),
    TEST(waits_are_drawn_from_a_span_that_doubles_up_to_its_end),
    TEST(the_retry_after_of_the_gateway_is_waited_before_the_jitter),
    {NULL, NULL},
};
