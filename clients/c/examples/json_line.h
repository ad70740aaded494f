/*
 * The JSON that the adapter's lines need: members of one object. Strings are raw: their escapes are not decoded.
 */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* A value as it stands in the text. */
typedef struct {
  const char *at;
  size_t length;
} json_value;

/* The member with this name of the object in `object`; its length is 0 if there is none. */
json_value json_member(json_value object, const char *name);

/* Steps through the members of an object, or the elements of an array (`name` is then empty). Begin with `*at` 0. Returns false at the end. */
bool json_next(json_value container, size_t *at, json_value *name, json_value *value);

bool json_is(json_value value, const char *text);
/* Returns false if it is no number. */
bool json_number(json_value value, double *number);

#endif
