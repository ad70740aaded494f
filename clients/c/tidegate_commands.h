/*
 * What a device does with commands (PROTOCOL.md §8): runs each at most once, remembers outcomes, and answers a repeat from memory.
 * It knows no link: tg_device passes commands in and sends the outcomes. It can be used without tg_device.
 */
#ifndef TIDEGATE_COMMANDS_H
#define TIDEGATE_COMMANDS_H

#include "tidegate_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest result or error, as JSON, that is kept with an outcome. Define the same value for all files. */
#ifndef TG_OUTCOME_BYTES
#define TG_OUTCOME_BYTES 64
#endif

#define TG_OUTCOMES_MIN 8 /* C-3 */
#define TG_OUTCOMES_MAX 32

/* A command and its state. It is a plain value: save its bytes, and pass it in zeroed or as saved. */
typedef struct {
  uint32_t order; /* ascends with each command; the oldest outcome is overwritten first */
  uint8_t id[TG_COMMAND_ID_BYTES];
  uint8_t state; /* tg_state; 0: the slot is free */
  uint8_t reserved;
  uint16_t json_length;
  char json[TG_OUTCOME_BYTES];
} tg_outcome;

typedef enum {
  TG_COMMAND_UNKNOWN,
  TG_COMMAND_ONCE, /* must not run twice: it is saved before it runs, and fails with `lost` if its end is not known */
  TG_COMMAND_IDEMPOTENT /* may run again if the device does not remember it */
} tg_command_kind;

typedef struct {
  void *context;
  /* Returns the kind of the command with this name. Names are not terminated. */
  tg_command_kind (*kind)(void *context, const char *name, size_t name_length);
  /*
   * Runs a command, writes its result or error as JSON (at most `capacity` bytes; an error has a "code", C-14), sets `json_length`
   * (0 before), and returns TG_SUCCEEDED, TG_FAILED or TG_REJECTED; or TG_RUNNING, and calls tg_commands_update later.
   */
  tg_state (*run)(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length);
  /* Saves an outcome at the place `slot`, durable on return. Returns false if that failed. May be null: then a restart forgets outcomes. */
  bool (*save)(void *context, uint8_t slot, const tg_outcome *outcome);
} tg_command_hooks;

typedef struct {
  const tg_command_hooks *hooks;
  tg_outcome *outcomes;
  uint8_t count;
  uint32_t next_order;
  uint32_t running; /* one bit per slot: the command is running */
  uint32_t untold; /* one bit per slot: the outcome must be sent */
} tg_commands;

/* `outcomes` are 8 to 32 outcomes, zeroed or as they were saved. Returns false if the count is out of range. */
bool tg_commands_init(tg_commands *commands, const tg_command_hooks *hooks, tg_outcome *outcomes, uint8_t count);

/*
 * Receives a command: answers from memory, rejects it, or runs it. `server_now_ms` is the gateway's time, or 0 if it is unknown.
 * A command that was saved as begun, but whose end is not known because the device went down, does not run again: it fails with `lost`.
 */
void tg_commands_receive(tg_commands *commands, const tg_command *command, uint64_t server_now_ms);

/* Reports progress or the end of a command for which the hook returned TG_RUNNING. Returns false if it is not running or the JSON is too long. */
bool tg_commands_update(tg_commands *commands, const uint8_t *id, tg_state state, const char *json, size_t json_length);

/* The next outcome to send, and its slot; null if there is none. tg_commands_told marks it as sent. */
const tg_outcome *tg_commands_untold(const tg_commands *commands, uint8_t *slot);
void tg_commands_told(tg_commands *commands, uint8_t slot);

/* Call this when the link ended. Unsent outcomes are not sent later: the gateway sends every command without a final state again (C-2). */
void tg_commands_link_ended(tg_commands *commands);

#ifdef __cplusplus
}
#endif

#endif
