/* The device, against the gateway of world.h. */
#include "tests/tests.h"
#include "tests/world.h"

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

static void after_a_stream_was_forgotten_frames_too_far_ahead_are_renumbered(void) {
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

static void a_second_welcome_on_a_link_is_ignored(void) {
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

static void a_record_that_cannot_be_read_is_skipped(void) {
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

static void an_answer_that_was_not_sent_is_dropped_with_its_link(void) {
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

static void a_link_is_ended_after_75_s_of_silence_or_30_s_without_an_ack(void) {
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
    expect(w.is_linked == (i < 4)); /* frames sent since then do not change that */
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

static void when_the_log_is_full_the_newest_or_the_oldest_is_dropped(void) {
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
  link_up(64); /* the welcome has the time 1795305700000 */
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

static void after_a_restart_the_count_of_ms_continues_after_the_logs_newest_record(void) {
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

const test_case device_tests[] = {
    TEST(a_thousand_histories_drawn_at_random_lose_nothing_and_run_nothing_twice),
    TEST(nothing_is_sent_beyond_the_window_and_an_ack_may_change_it),
    TEST(a_nacked_frame_is_never_sent_again_also_where_no_ack_follows),
    TEST(an_ack_up_to_a_nacked_frame_leaves_nothing_to_wait_for),
    TEST(what_was_buffered_but_not_sent_has_no_number_yet),
    TEST(after_a_stream_was_forgotten_frames_too_far_ahead_are_renumbered),
    TEST(the_last_number_is_given_and_none_after_it),
    TEST(a_number_that_was_never_sent_was_never_given),
    TEST(a_second_welcome_on_a_link_is_ignored),
    TEST(a_log_that_brings_back_what_was_dropped_is_cut_at_the_saved_numbering),
    TEST(a_record_that_cannot_be_read_is_skipped),
    TEST(an_answer_that_was_not_sent_is_dropped_with_its_link),
    TEST(a_link_is_ended_after_75_s_of_silence_or_30_s_without_an_ack),
    TEST(a_link_that_was_answered_or_grew_a_minute_old_ends_a_row_of_failures),
    TEST(an_attempt_without_a_welcome_is_ended_after_30_s),
    TEST(when_the_log_is_full_the_newest_or_the_oldest_is_dropped),
    TEST(a_reading_without_a_clock_is_sent_with_the_gateways_time_for_it_and_again_the_same),
    TEST(after_a_restart_the_count_of_ms_continues_after_the_logs_newest_record),
    {NULL, NULL},
};
