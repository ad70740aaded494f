/* Commands. */
#include <string.h>

#include "tests/tests.h"
#include "tidegate_commands.h"

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

/* The state of a command with its JSON, such as "3" or "4{\"code\":\"lost\"}". */
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

static void a_running_command_reports_progress_and_after_a_restart_it_is_lost_unless_it_is_idempotent(void) {
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

static void eight_outcomes_are_remembered_and_the_oldest_is_overwritten(void) {
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

const test_case command_tests[] = {
    TEST(commands_are_answered_by_what_is_remembered_and_what_the_gateway_knows),
    TEST(a_running_command_reports_progress_and_after_a_restart_it_is_lost_unless_it_is_idempotent),
    TEST(eight_outcomes_are_remembered_and_the_oldest_is_overwritten),
    {NULL, NULL},
};
