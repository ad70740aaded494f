/*
 * What a device does with commands (PROTOCOL.md §8): runs each at most once, remembers outcomes, and answers a repeat from memory.
 * Apart from any link: tg_device feeds it and sends what it has to say; usable without.
 */
#ifndef TIDEGATE_COMMANDS_H
#define TIDEGATE_COMMANDS_H

#include "tidegate_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest result or error, JSON, that is kept with an outcome. Set it for all files alike. */
#ifndef TG_OUTCOME_BYTES
#define TG_OUTCOME_BYTES 64
#endif

#define TG_OUTCOMES_MIN 8 /* C-3 */
#define TG_OUTCOMES_MAX 32

/* A command and how far it came. A plain value: save it as it is, and give it back zeroed or as saved. */
typedef struct {
  uint32_t order; /* ascends: the oldest gives way */
  uint8_t id[TG_COMMAND_ID_BYTES];
  uint8_t state; /* tg_state; 0: the slot is free */
  uint8_t reserved;
  uint16_t json_length;
  char json[TG_OUTCOME_BYTES];
} tg_outcome;

typedef enum {
  TG_COMMAND_UNKNOWN,
  TG_COMMAND_ONCE, /* must not be repeated: noted before it is run, and `lost` where memory fails */
  TG_COMMAND_IDEMPOTENT /* may be run again where the device does not remember */
} tg_command_kind;

typedef struct {
  void *context;
  /* What kind of command that name is. Names are not terminated. */
  tg_command_kind (*kind)(void *context, const char *name, size_t name_length);
  /*
   * Carries a command out, writes result or error as JSON (at most `capacity` bytes; an error has a "code", C-14), sets `json_length`
   * (0 before), and returns TG_SUCCEEDED, TG_FAILED or TG_REJECTED; or TG_RUNNING, and calls tg_commands_update later.
   */
  tg_state (*run)(void *context, const tg_command *command, char *json, size_t capacity, size_t *json_length);
  /* Writes an outcome down, durable on return; slot is its place. False: could not. May be null: then a restart forgets. */
  bool (*save)(void *context, uint8_t slot, const tg_outcome *outcome);
} tg_command_hooks;

typedef struct {
  const tg_command_hooks *hooks;
  tg_outcome *outcomes;
  uint8_t count;
  uint32_t next_order;
  uint32_t running; /* bits by slot: begun since the start, and not at its end */
  uint32_t untold; /* bits by slot: to be sent */
} tg_commands;

/* `outcomes` (8-32 of them) are zeroed, or as they were saved. False where the count is not so. */
bool tg_commands_init(tg_commands *commands, const tg_command_hooks *hooks, tg_outcome *outcomes, uint8_t count);

/*
 * Takes in a command: answers from memory, refuses, or runs it. `server_now_ms` is the gateway's time, 0 where unknown.
 * A command that was noted but whose end is not known (the device went down in the middle) is not run again: it failed, `lost`.
 */
void tg_commands_receive(tg_commands *commands, const tg_command *command, uint64_t server_now_ms);

/* How a command that TG_RUNNING was returned for goes on or ends. False where it is not running, or the JSON is too long. */
bool tg_commands_update(tg_commands *commands, const uint8_t *id, tg_state state, const char *json, size_t json_length);

/* The next outcome to be sent, and its slot; null where there is none. tg_commands_told marks it as sent. */
const tg_outcome *tg_commands_untold(const tg_commands *commands, uint8_t *slot);
void tg_commands_told(tg_commands *commands, uint8_t slot);

/* With the link what was to be sent is forgotten: the gateway sends every command without a final word again (C-2). */
void tg_commands_link_ended(tg_commands *commands);

#ifdef __cplusplus
}
#endif

#endif
