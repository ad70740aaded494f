#include "tidegate_commands.h"

#include <string.h>

static const char lost[] = "{\"code\":\"lost\"}";
static const char expired[] = "{\"code\":\"expired\"}";
static const char unknown_command[] = "{\"code\":\"unknown_command\"}";
static const char not_saved[] = "{\"code\":\"not_saved\"}";

/* The errors above must fit. */
typedef char tg_outcome_has_room[TG_OUTCOME_BYTES >= 32 ? 1 : -1];

static bool is_final(uint8_t state) {
  return state >= TG_SUCCEEDED;
}

static uint32_t bit(uint8_t slot) {
  return (uint32_t)1 << slot;
}

bool tg_commands_init(tg_commands *commands, const tg_command_hooks *hooks, tg_outcome *outcomes, uint8_t count) {
  memset(commands, 0, sizeof *commands);
  if (count < TG_OUTCOMES_MIN || count > TG_OUTCOMES_MAX) return false;
  commands->hooks = hooks;
  commands->outcomes = outcomes;
  commands->count = count;
  for (uint8_t slot = 0; slot < count; slot++) {
    tg_outcome *outcome = &outcomes[slot];
    if (outcome->state > TG_REJECTED || outcome->json_length > TG_OUTCOME_BYTES) outcome->state = 0; /* the saved outcome is damaged */
    if (outcome->state != 0 && outcome->order >= commands->next_order) commands->next_order = outcome->order + 1;
  }
  return true;
}

/* The slot that remembers this id, or `count` if none does. */
static uint8_t find(const tg_commands *commands, const uint8_t *id) {
  uint8_t slot = 0;
  for (; slot < commands->count; slot++) {
    const tg_outcome *outcome = &commands->outcomes[slot];
    if (outcome->state != 0 && memcmp(outcome->id, id, TG_COMMAND_ID_BYTES) == 0) break;
  }
  return slot;
}

/* A free slot, or else the oldest one that is not running; `count` if all are running. */
static uint8_t choose(const tg_commands *commands) {
  uint8_t chosen = commands->count;
  uint32_t oldest_age = 0;
  for (uint8_t slot = 0; slot < commands->count; slot++) {
    const tg_outcome *outcome = &commands->outcomes[slot];
    if (outcome->state == 0) return slot;
    uint32_t age = commands->next_order - outcome->order;
    if ((commands->running & bit(slot)) != 0 || age <= oldest_age) continue;
    oldest_age = age;
    chosen = slot;
  }
  return chosen;
}

static bool save(const tg_commands *commands, uint8_t slot) {
  const tg_command_hooks *hooks = commands->hooks;
  return hooks->save == NULL || hooks->save(hooks->context, slot, &commands->outcomes[slot]);
}

/* A final state is saved before it is sent. If saving fails it is sent nevertheless, because it is true. */
static void conclude(tg_commands *commands, uint8_t slot, tg_state state) {
  commands->outcomes[slot].state = (uint8_t)state;
  commands->running &= ~bit(slot);
  save(commands, slot);
  commands->untold |= bit(slot);
}

static void conclude_with(tg_commands *commands, uint8_t slot, tg_state state, const char *error, size_t error_length) {
  memcpy(commands->outcomes[slot].json, error, error_length);
  commands->outcomes[slot].json_length = (uint16_t)error_length;
  conclude(commands, slot, state);
}

#define CONCLUDE_WITH(commands, slot, state, error) conclude_with(commands, slot, state, error, sizeof(error) - 1)

static void run(tg_commands *commands, uint8_t slot, const tg_command *command, tg_command_kind kind) {
  tg_outcome *outcome = &commands->outcomes[slot];
  outcome->state = TG_RECEIVED;
  outcome->json_length = 0;
  if (kind == TG_COMMAND_ONCE && !save(commands, slot)) {
    CONCLUDE_WITH(commands, slot, TG_FAILED, not_saved);
    return;
  }
  commands->running |= bit(slot);
  size_t json_length = 0;
  tg_state state = commands->hooks->run(commands->hooks->context, command, outcome->json, TG_OUTCOME_BYTES, &json_length);
  outcome->json_length = (uint16_t)(json_length <= TG_OUTCOME_BYTES ? json_length : 0);
  if (is_final((uint8_t)state)) {
    conclude(commands, slot, state);
    return;
  }
  outcome->state = TG_RUNNING;
  commands->untold |= bit(slot);
}

static void repeat(tg_commands *commands, uint8_t slot, const tg_command *command, tg_command_kind kind) {
  bool interrupted = !is_final(commands->outcomes[slot].state) && (commands->running & bit(slot)) == 0;
  if (!interrupted) commands->untold |= bit(slot);
  else if (kind == TG_COMMAND_IDEMPOTENT) run(commands, slot, command, kind);
  else CONCLUDE_WITH(commands, slot, TG_FAILED, lost);
}

static bool is_overdue(const tg_command *command, uint64_t server_now_ms) {
  return command->expires_at_ms != 0 && server_now_ms > command->expires_at_ms;
}

void tg_commands_receive(tg_commands *commands, const tg_command *command, uint64_t server_now_ms) {
  const tg_command_hooks *hooks = commands->hooks;
  tg_command_kind kind = hooks->kind(hooks->context, command->name, command->name_length);
  uint8_t slot = find(commands, command->id);
  if (slot < commands->count) {
    repeat(commands, slot, command, kind);
    return;
  }
  slot = choose(commands);
  if (slot == commands->count) return; /* the gateway sends one command at a time (C-1), so this cannot happen with a correct gateway */
  tg_outcome *outcome = &commands->outcomes[slot];
  memset(outcome, 0, sizeof *outcome);
  outcome->order = commands->next_order++;
  memcpy(outcome->id, command->id, TG_COMMAND_ID_BYTES);
  /* A forgotten command fails as lost rather than expired: `rejected` would say that it did not run, and nobody knows that. */
  bool is_late = is_overdue(command, server_now_ms);
  if (kind == TG_COMMAND_UNKNOWN) CONCLUDE_WITH(commands, slot, TG_REJECTED, unknown_command);
  else if (command->known != 0 && (kind != TG_COMMAND_IDEMPOTENT || is_late)) CONCLUDE_WITH(commands, slot, TG_FAILED, lost);
  else if (is_late) CONCLUDE_WITH(commands, slot, TG_REJECTED, expired);
  else run(commands, slot, command, kind);
}

bool tg_commands_update(tg_commands *commands, const uint8_t *id, tg_state state, const char *json, size_t json_length) {
  uint8_t slot = find(commands, id);
  if (slot == commands->count || (commands->running & bit(slot)) == 0) return false;
  if (state < TG_RUNNING || state > TG_REJECTED || json_length > TG_OUTCOME_BYTES) return false;
  tg_outcome *outcome = &commands->outcomes[slot];
  if (json_length > 0) memcpy(outcome->json, json, json_length);
  outcome->json_length = (uint16_t)json_length;
  if (is_final((uint8_t)state)) conclude(commands, slot, state);
  else commands->untold |= bit(slot);
  return true;
}

const tg_outcome *tg_commands_untold(const tg_commands *commands, uint8_t *slot) {
  for (*slot = 0; *slot < commands->count; (*slot)++)
    if ((commands->untold & bit(*slot)) != 0) return &commands->outcomes[*slot];
  return NULL;
}

void tg_commands_told(tg_commands *commands, uint8_t slot) {
  commands->untold &= ~bit(slot);
}

void tg_commands_link_ended(tg_commands *commands) {
  commands->untold = 0;
}
