#include "tidegate_json.h"

#include <string.h>

typedef struct {
  const char *text;
  size_t length;
  size_t at;
} cursor;

static char peek(const cursor *in) {
  return in->at < in->length ? in->text[in->at] : '\0';
}

static void skip_space(cursor *in) {
  while (peek(in) == ' ' || peek(in) == '\t' || peek(in) == '\n' || peek(in) == '\r') in->at++;
}

/* Reads a string, from its opening quote to behind the closing one. Escapes stay in the raw text. */
static bool read_string(cursor *in, const char **raw, size_t *raw_length) {
  if (peek(in) != '"') return false;
  size_t start = ++in->at;
  for (; in->at < in->length && in->text[in->at] != '"'; in->at++)
    if (in->text[in->at] == '\\') in->at++;
  if (in->at >= in->length) return false;
  *raw = in->text + start;
  *raw_length = in->at - start;
  in->at++;
  return true;
}

/* Skips to the comma or brace that ends this member's value. Nesting is counted without recursion, so that depth needs no stack. */
static bool skip_value(cursor *in) {
  size_t depth = 0;
  const char *raw;
  size_t raw_length;
  while (in->at < in->length) {
    char c = peek(in);
    if (c == '"') {
      if (!read_string(in, &raw, &raw_length)) return false;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return true;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--; /* it is above 0 for '}'; a stray ']' wraps it, so that the rest is skipped */
    in->at++;
  }
  return false;
}

static bool read_integer(cursor *in, int64_t *value) {
  bool negative = peek(in) == '-';
  if (negative) in->at++;
  if (peek(in) < '0' || peek(in) > '9') return false;
  int64_t read = 0; /* negative, because there are more negative numbers than positive ones */
  for (; peek(in) >= '0' && peek(in) <= '9'; in->at++) {
    int digit = peek(in) - '0';
    if (read < INT64_MIN / 10 || (read == INT64_MIN / 10 && digit > 8)) return false; /* without a 64-bit division, 500 bytes on a Cortex-M0 */
    read = read * 10 - digit;
  }
  if (!negative && read == INT64_MIN) return false;
  skip_space(in);
  if (peek(in) != ',' && peek(in) != '}') return false;
  *value = negative ? read : -read;
  return true;
}

static size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

bool tg_json_integer(const char *text, size_t length, const char *key, int64_t *value) {
  cursor in = {text, length, 0};
  size_t key_length = text_length(key);
  bool found = false;
  skip_space(&in);
  if (peek(&in) != '{') return false;
  do {
    const char *name;
    size_t name_length;
    in.at++;
    skip_space(&in);
    if (!read_string(&in, &name, &name_length)) break;
    skip_space(&in);
    if (peek(&in) != ':') break;
    in.at++;
    skip_space(&in);
    if (name_length == key_length && memcmp(name, key, key_length) == 0) found = read_integer(&in, value);
    if (!skip_value(&in)) break;
  } while (peek(&in) == ',');
  return found;
}

size_t tg_json_put_integer(char *into, size_t capacity, uint32_t value) {
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  if (count > capacity) return 0;
  for (size_t i = 0; i < count; i++) into[i] = digits[count - 1 - i];
  return count;
}
