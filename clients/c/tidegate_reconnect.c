#include "tidegate_reconnect.h"

#include "tidegate_json.h"

enum { retry_after_ms_max = 3600000 };

static const struct {
  uint32_t first_span_ms;
  uint32_t span_ms_max;
} paces[] = {
    [TG_SOON] = {500, 30000},
    [TG_SLOWLY] = {300000, 3600000},
};

tg_ending tg_ending_refused(uint16_t status, uint32_t retry_after_s) {
  tg_ending ending = {status, 0, retry_after_s > retry_after_ms_max / 1000 ? retry_after_ms_max : retry_after_s * 1000};
  return ending;
}

tg_ending tg_ending_closed(uint16_t code, const char *reason, size_t reason_length) {
  tg_ending ending = {0, code, 0};
  int64_t wait_ms;
  if (code >= 4000 && code < 4100 && tg_json_integer(reason, reason_length, "retryAfterMs", &wait_ms) && wait_ms > 0)
    ending.retry_after_ms = wait_ms > retry_after_ms_max ? retry_after_ms_max : (uint32_t)wait_ms;
  return ending;
}

/* The pace follows from the range of the code, so that codes of later versions have one too. */
static tg_pace pace_of(const tg_ending *ending) {
  if (ending->status == 400 || ending->status == 401 || ending->status == 403) return TG_SLOWLY;
  return ending->code >= 4100 && ending->code < 4200 ? TG_SLOWLY : TG_SOON;
}

uint32_t tg_reconnect_delay_ms(tg_reconnect *reconnect, const tg_ending *ending, uint32_t random) {
  tg_pace pace = pace_of(ending);
  if (pace != reconnect->pace) reconnect->failures = 0;
  reconnect->pace = pace;
  uint32_t span = paces[pace].first_span_ms;
  for (uint8_t failure = 0; failure < reconnect->failures && span < paces[pace].span_ms_max; failure++) span *= 2;
  if (span > paces[pace].span_ms_max) span = paces[pace].span_ms_max;
  if (reconnect->failures < UINT8_MAX) reconnect->failures++;
  return ending->retry_after_ms + (uint32_t)(((uint64_t)random * span) >> 32);
}

void tg_reconnect_held(tg_reconnect *reconnect) {
  reconnect->failures = 0;
}
