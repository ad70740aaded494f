/*
 * How long to wait before the next connection (PROTOCOL.md §7, R-1 and R-2): full jitter over a span that doubles.
 */
#ifndef TIDEGATE_RECONNECT_H
#define TIDEGATE_RECONNECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_CLOSE_NONE 1006 /* no close frame: the connection was lost (RFC 6455 §7.1.5) */

/* Why a link, or an attempt at one, ended. */
typedef struct {
  uint16_t status; /* HTTP status if the upgrade was refused, else 0 */
  uint16_t code; /* close code, TG_CLOSE_NONE without a close frame, 0 if the upgrade was refused */
  uint32_t retry_after_ms; /* Retry-After, or retryAfterMs of a 40xx close; else 0 */
} tg_ending;

typedef enum { TG_SOON, TG_SLOWLY } tg_pace;

/* Counts failures in a row of one pace. A change of pace resets the count. */
typedef struct {
  tg_pace pace;
  uint8_t failures;
} tg_reconnect;

tg_ending tg_ending_refused(uint16_t status, uint32_t retry_after_s);
/* `reason` is the close frame's; for 40xx codes retryAfterMs is read from it. */
tg_ending tg_ending_closed(uint16_t code, const char *reason, size_t reason_length);

/* Counts one more failure, and returns the wait in ms. `random` is uniform over all 32 bits. A Retry-After of more than an hour counts as an hour. */
uint32_t tg_reconnect_delay_ms(tg_reconnect *reconnect, const tg_ending *ending, uint32_t random);

/* A link that held ends the row of failures. */
void tg_reconnect_held(tg_reconnect *reconnect);

#ifdef __cplusplus
}
#endif

#endif
