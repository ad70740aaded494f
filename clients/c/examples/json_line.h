/*
 * As much JSON as the adapter's lines need: members of one object. Strings are taken raw, without their escapes undone.
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

/* The member of that name of the object in `object`; length 0 where there is none. */
json_value json_member(json_value object, const char *name);

/* Steps through the members of an object, or the elements of an array (`name` is then empty). Begin with `*at` 0. False at the end. */
bool json_next(json_value container, size_t *at, json_value *name, json_value *value);

bool json_is(json_value value, const char *text);
/* False where it is no number. */
bool json_number(json_value value, double *number);

#endif
