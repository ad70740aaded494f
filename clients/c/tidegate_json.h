/*
 * The one thing that the device needs of JSON: a whole number by its name, as in {"retryAfterMs":1500} and in the parameters of commands.
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
 * Looks for `key` (terminated, without escapes) among the members of the object in `text` (not of objects within it). Where its value is a
 * whole number that fits, sets `value` and returns true; the last of several counts (J-1). A fraction, an exponent, or no object: false.
 */
bool tg_json_integer(const char *text, size_t length, const char *key, int64_t *value);

/* Writes `value` in decimal, unterminated: at most 10 bytes. Returns how many; 0 where they do not fit. */
size_t tg_json_put_integer(char *into, size_t capacity, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
