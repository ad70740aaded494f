/*
 * The only JSON that the device reads: a whole number by its name, as in {"retryAfterMs":1500} and in the parameters of commands.
 */
#ifndef TIDEGATE_JSON_H
#define TIDEGATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Looks for `key` (terminated, without escapes) among the members of the object in `text`, not of objects inside it. If its value is a whole
 * number that fits, it sets `value` and returns true. The last of several equal keys counts (J-1). It returns false for a fraction, an exponent,
 * or a text that is no object.
 */
bool tg_json_integer(const char *text, size_t length, const char *key, int64_t *value);

/* Writes `value` in decimal, not terminated: at most 10 bytes. Returns how many, or 0 if they do not fit. */
size_t tg_json_put_integer(char *into, size_t capacity, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
