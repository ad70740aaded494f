#include "json_line.h"

#include <stdlib.h>
#include <string.h>

static size_t skip_space(json_value in, size_t at) {
  while (at < in.length && strchr(" \t\r\n", in.at[at]) != NULL) at++;
  return at;
}

static size_t after_string(json_value in, size_t at) {
  for (at++; at < in.length && in.at[at] != '"'; at++)
    if (in.at[at] == '\\') at++;
  return at < in.length ? at + 1 : in.length;
}

/* Skips to the comma or bracket that ends this value. */
static size_t after_value(json_value in, size_t at) {
  size_t depth = 0;
  while (at < in.length) {
    char c = in.at[at];
    if (c == '"') {
      at = after_string(in, at);
      continue;
    }
    if (depth == 0 && strchr(",}]", c) != NULL) break;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    at++;
  }
  return at;
}

static json_value part(json_value in, size_t from, size_t to) {
  while (to > from && strchr(" \t\r\n", in.at[to - 1]) != NULL) to--;
  json_value value = {in.at + from, to - from};
  if (value.length >= 2 && value.at[0] == '"') value.at++, value.length -= 2;
  return value;
}

bool json_next(json_value container, size_t *at, json_value *name, json_value *value) {
  size_t from = skip_space(container, *at == 0 ? 0 : *at);
  if (*at == 0 && from < container.length && (container.at[from] == '{' || container.at[from] == '[')) from++;
  from = skip_space(container, from);
  if (from < container.length && container.at[from] == ',') from = skip_space(container, from + 1);
  if (from >= container.length || container.at[from] == '}' || container.at[from] == ']') return false;
  *name = part(container, from, from);
  if (container.at[0] == '{') {
    size_t end = after_string(container, from);
    *name = part(container, from, end);
    from = skip_space(container, end);
    if (from >= container.length || container.at[from] != ':') return false;
    from = skip_space(container, from + 1);
  }
  *at = after_value(container, from);
  *value = part(container, from, *at);
  return true;
}

bool json_is(json_value value, const char *text) {
  return strlen(text) == value.length && memcmp(text, value.at, value.length) == 0;
}

json_value json_member(json_value object, const char *name) {
  json_value found = {"", 0};
  json_value key;
  json_value value;
  size_t at = 0;
  while (json_next(object, &at, &key, &value))
    if (json_is(key, name)) found = value;
  return found;
}

bool json_number(json_value value, double *number) {
  char text[40];
  char *end;
  if (value.length == 0 || value.length >= sizeof text) return false;
  memcpy(text, value.at, value.length);
  text[value.length] = '\0';
  *number = strtod(text, &end);
  return *end == '\0';
}
