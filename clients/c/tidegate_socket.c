#include "tidegate_socket.h"

#include <string.h>

enum { op_continuation = 0, op_text = 1, op_binary = 2, op_close = 8, op_ping = 9, op_pong = 10 };

enum { fin = 0x80, reserved_bits = 0x70, opcode_bits = 0x0f, mask_bit = 0x80, length_bits = 0x7f, control_max = 125 };

enum { code_missing = 1005, code_lost = 1006 };

/* Writes text. After the first piece that does not fit it writes nothing more, and `fits` is false. */

static void put_bytes(tg_socket *socket, const void *bytes, size_t length, bool *fits) {
  if (!*fits || socket->out_capacity - socket->out_length < length) {
    *fits = false;
    return;
  }
  if (length > 0) memcpy(socket->out + socket->out_length, bytes, length);
  socket->out_length += length;
}

static size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

static void put_text(tg_socket *socket, const char *text, bool *fits) {
  put_bytes(socket, text, text_length(text), fits);
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four digits for up to three bytes (RFC 4648 §4). */
static void base64_group(char digits[4], const uint8_t *bytes, size_t count) {
  uint32_t bits = (uint32_t)bytes[0] << 16;
  if (count > 1) bits |= (uint32_t)bytes[1] << 8;
  if (count > 2) bits |= bytes[2];
  digits[0] = base64_digits[bits >> 18];
  digits[1] = base64_digits[bits >> 12 & 63];
  digits[2] = count > 1 ? base64_digits[bits >> 6 & 63] : '=';
  digits[3] = count > 2 ? base64_digits[bits & 63] : '=';
}

static char credential_char(const tg_upgrade *upgrade, size_t device_length, size_t at) {
  if (at < device_length) return upgrade->device[at];
  return at == device_length ? ':' : upgrade->secret[at - device_length - 1];
}

/* Writes base64(id:secret) group by group, so that it needs no memory for the whole text. */
static void put_credential(tg_socket *socket, const tg_upgrade *upgrade, bool *fits) {
  size_t device_length = text_length(upgrade->device);
  size_t length = device_length + 1 + text_length(upgrade->secret);
  for (size_t at = 0; at < length; at += 3) {
    size_t count = length - at < 3 ? length - at : 3;
    uint8_t bytes[3] = {0};
    char digits[4];
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)credential_char(upgrade, device_length, at + i);
    base64_group(digits, bytes, count);
    put_bytes(socket, digits, sizeof digits, fits);
  }
}

static void new_key(tg_socket *socket) {
  uint8_t nonce[18] = {0};
  for (size_t at = 0; at < 16; at += 4) {
    uint32_t bits = socket->hooks->random(socket->hooks->context);
    memcpy(nonce + at, &bits, sizeof bits);
  }
  for (size_t group = 0; group < 6; group++) base64_group(socket->key + 4 * group, nonce + 3 * group, group < 5 ? 3 : 1);
  socket->key[24] = '\0';
}

void tg_socket_init(tg_socket *socket, const tg_socket_hooks *hooks, uint8_t *in, size_t in_capacity, uint8_t *out, size_t out_capacity) {
  memset(socket, 0, sizeof *socket);
  socket->hooks = hooks;
  socket->in = in;
  socket->in_capacity = in_capacity;
  socket->out = out;
  socket->out_capacity = out_capacity;
}

bool tg_socket_open(tg_socket *socket, const tg_upgrade *upgrade) {
  bool fits = true;
  tg_socket_init(socket, socket->hooks, socket->in, socket->in_capacity, socket->out, socket->out_capacity);
  socket->protocol = upgrade->protocol;
  new_key(socket);
  put_text(socket, "GET ", &fits);
  put_text(socket, upgrade->path, &fits);
  put_text(socket, " HTTP/1.1\r\nHost: ", &fits);
  put_text(socket, upgrade->host, &fits);
  put_text(socket, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ", &fits);
  put_text(socket, socket->key, &fits);
  put_text(socket, "\r\nSec-WebSocket-Protocol: ", &fits);
  put_text(socket, upgrade->protocol, &fits);
  put_text(socket, "\r\nAuthorization: Basic ", &fits);
  put_credential(socket, upgrade, &fits);
  put_text(socket, "\r\n\r\n", &fits);
  if (!fits) socket->out_length = 0;
  socket->state = fits ? TG_SOCKET_UPGRADING : TG_SOCKET_CLOSED;
  return fits;
}

/* Ending */

static void end_with(tg_socket *socket, tg_socket_end end) {
  if (socket->state == TG_SOCKET_CLOSED || socket->state == TG_SOCKET_ENDING) return;
  socket->state = TG_SOCKET_ENDING;
  socket->hooks->ended(socket->hooks->context, &end);
}

static bool put_frame(tg_socket *socket, uint8_t opcode, const uint8_t *bytes, size_t length) {
  uint8_t header[TG_SOCKET_FRAME_OVERHEAD] = {(uint8_t)(fin | opcode)};
  size_t header_length = length <= control_max ? 2 : 4;
  if (length > 65535 || socket->out_capacity - socket->out_length < header_length + 4 + length) return false;
  header[1] = (uint8_t)(mask_bit | (length <= control_max ? length : 126));
  if (header_length == 4) {
    header[2] = (uint8_t)(length >> 8);
    header[3] = (uint8_t)length;
  }
  uint32_t bits = socket->hooks->random(socket->hooks->context);
  memcpy(header + header_length, &bits, sizeof bits);
  const uint8_t *mask = header + header_length;
  uint8_t *to = socket->out + socket->out_length;
  memcpy(to, header, header_length + 4);
  to += header_length + 4;
  for (size_t i = 0; i < length; i++) to[i] = bytes[i] ^ mask[i & 3];
  socket->out_length += header_length + 4 + length;
  return true;
}

static void put_close(tg_socket *socket, uint16_t code, const char *reason, size_t reason_length) {
  uint8_t payload[control_max] = {(uint8_t)(code >> 8), (uint8_t)code};
  if (reason_length > sizeof payload - 2) reason_length = sizeof payload - 2;
  if (reason_length > 0) memcpy(payload + 2, reason, reason_length);
  put_frame(socket, op_close, payload, 2 + reason_length);
}

static void fail(tg_socket *socket) {
  tg_socket_end end = {0, code_lost, 0, NULL, 0};
  if (socket->state == TG_SOCKET_OPEN) put_close(socket, TG_CLOSE_PROTOCOL_ERROR, NULL, 0);
  end_with(socket, end);
}

void tg_socket_lost(tg_socket *socket) {
  tg_socket_end end = {0, code_lost, 0, NULL, 0};
  end_with(socket, end);
  socket->state = TG_SOCKET_CLOSED;
  socket->out_length = 0;
}

void tg_socket_close(tg_socket *socket, uint16_t code, const char *reason, size_t reason_length) {
  if (socket->state == TG_SOCKET_CLOSED) return;
  if (code != 0 && socket->state == TG_SOCKET_OPEN) put_close(socket, code, reason, reason_length);
  else socket->out_length = 0;
  socket->state = TG_SOCKET_ENDING;
}

/* The answer to the upgrade */

typedef struct {
  const char *at;
  size_t length;
} slice;

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The next line without its end; `rest` is what follows it. */
static slice next_line(slice *rest) {
  slice line = {rest->at, 0};
  while (line.length < rest->length && line.at[line.length] != '\n') line.length++;
  size_t taken = line.length < rest->length ? line.length + 1 : line.length;
  rest->at += taken;
  rest->length -= taken;
  if (line.length > 0 && line.at[line.length - 1] == '\r') line.length--;
  return line;
}

static slice without_space(slice text) {
  while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) text.at++, text.length--;
  while (text.length > 0 && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t')) text.length--;
  return text;
}

/* The value of the first header with this name, which is lower case and ends with its colon; empty if there is none. */
static slice header_value(slice headers, const char *name) {
  size_t name_length = text_length(name);
  while (headers.length > 0) {
    slice line = next_line(&headers);
    size_t matched = 0;
    while (matched < line.length && matched < name_length && lower(line.at[matched]) == name[matched]) matched++;
    if (matched < name_length) continue;
    slice value = {line.at + name_length, line.length - name_length};
    return without_space(value);
  }
  slice none = {NULL, 0};
  return none;
}

/* Reads up to nine digits; 0 for anything else. */
static uint32_t decimal(slice text) {
  uint32_t value = 0;
  if (text.length > 9) return 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.at[i] < '0' || text.at[i] > '9') return 0;
    value = value * 10 + (uint32_t)(text.at[i] - '0');
  }
  return value;
}

/* The status of a line such as "HTTP/1.1 101 Switching Protocols"; 0 if it has none. */
static uint16_t status_of(slice answer) {
  if (answer.length < 12 || memcmp(answer.at, "HTTP/1.1 ", 9) != 0) return 0;
  slice digits = {answer.at + 9, 3};
  return (uint16_t)decimal(digits);
}

/* The gateway must have accepted our subprotocol: without it the link would use JSON (H-12). */
static bool is_right_upgrade(const tg_socket *socket, slice answer) {
  slice protocol = header_value(answer, "sec-websocket-protocol:");
  slice accept = header_value(answer, "sec-websocket-accept:");
  if (protocol.length != text_length(socket->protocol) || memcmp(protocol.at, socket->protocol, protocol.length) != 0) return false;
  return socket->hooks->accept == NULL || socket->hooks->accept(socket->key, accept.at, accept.length);
}

static void take_answer(tg_socket *socket) {
  slice answer = {(const char *)socket->in, socket->in_length};
  uint16_t status = status_of(answer);
  socket->in_length = 0;
  if (status == 101 && is_right_upgrade(socket, answer)) {
    socket->state = TG_SOCKET_OPEN;
  } else if (status >= 300) {
    tg_socket_end end = {status, 0, decimal(header_value(answer, "retry-after:")), NULL, 0};
    end_with(socket, end);
  } else {
    fail(socket);
  }
}

static void take_answer_byte(tg_socket *socket, uint8_t byte) {
  if (socket->in_length == socket->in_capacity) {
    fail(socket);
    return;
  }
  socket->in[socket->in_length++] = byte;
  if (socket->in_length >= 4 && memcmp(socket->in + socket->in_length - 4, "\r\n\r\n", 4) == 0) take_answer(socket);
}

/* Frames */

static bool is_control(const tg_socket *socket) {
  return socket->opcode >= op_close;
}

static void take_close(tg_socket *socket) {
  bool has_code = socket->control_length != 0;
  uint16_t code = (uint16_t)(has_code ? socket->control[0] << 8 | socket->control[1] : code_missing);
  if (code < 1000 || socket->control_length == 1) { /* RFC 6455 §5.5.1, §7.4.2 */
    fail(socket);
    return;
  }
  tg_socket_end end = {0, code, 0, (const char *)socket->control + 2, has_code ? socket->control_length - 2u : 0};
  put_frame(socket, op_close, socket->control, has_code ? 2 : 0);
  end_with(socket, end);
}

/* A pong for which there is no room is not sent: the gateway pings again, and the bytes that fill the room also show that the device is alive. */
static void take_control(tg_socket *socket) {
  if (socket->opcode == op_close) {
    take_close(socket);
    return;
  }
  if (socket->opcode == op_ping) put_frame(socket, op_pong, socket->control, socket->control_length);
  if (socket->hooks->heard != NULL) socket->hooks->heard(socket->hooks->context);
}

static void take_frame(tg_socket *socket) {
  bool is_last = (socket->header[0] & fin) != 0;
  socket->header_length = 0;
  if (is_control(socket)) {
    take_control(socket);
    return;
  }
  if (!is_last) return;
  bool is_text = socket->message_opcode == op_text;
  socket->message_opcode = 0;
  if (!socket->too_long) socket->hooks->message(socket->hooks->context, is_text, socket->in, socket->in_length);
}

static size_t header_bytes(const tg_socket *socket) {
  if (socket->header_length < 2) return 2;
  uint8_t length = socket->header[1] & length_bits;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

static uint64_t payload_bytes(const tg_socket *socket) {
  uint8_t length = socket->header[1] & length_bits;
  uint64_t bytes = 0;
  if (length < 126) return length;
  for (size_t i = 2; i < socket->header_length; i++) bytes = bytes << 8 | socket->header[i];
  return bytes;
}

/* RFC 6455 §5: no reserved bits, no mask from a server, control frames short and not fragmented, continuations only after a first fragment. */
static bool is_header_right(const tg_socket *socket) {
  uint8_t opcode = socket->header[0] & opcode_bits;
  if ((socket->header[0] & reserved_bits) != 0 || (socket->header[1] & mask_bit) != 0) return false;
  if (opcode >= op_close) return opcode <= op_pong && (socket->header[0] & fin) != 0 && socket->payload_left <= control_max;
  return opcode <= op_binary && (opcode == op_continuation) == (socket->message_opcode != 0);
}

static void take_header(tg_socket *socket) {
  socket->payload_left = payload_bytes(socket);
  if (!is_header_right(socket)) {
    fail(socket);
    return;
  }
  socket->opcode = socket->header[0] & opcode_bits;
  socket->control_length = 0;
  if (socket->opcode == op_text || socket->opcode == op_binary) {
    socket->message_opcode = socket->opcode;
    socket->in_length = 0;
    socket->too_long = false;
  }
  if (!is_control(socket) && socket->payload_left > socket->in_capacity - socket->in_length) socket->too_long = true;
  if (socket->payload_left == 0) take_frame(socket);
}

/* Reads as much as there is of a frame's header and payload, and returns how many bytes that was. */
static size_t take_frame_bytes(tg_socket *socket, const uint8_t *bytes, size_t length) {
  if (socket->header_length < header_bytes(socket)) {
    socket->header[socket->header_length++] = bytes[0];
    if (socket->header_length >= 2 && socket->header_length == header_bytes(socket)) take_header(socket);
    return 1;
  }
  size_t taken = length < socket->payload_left ? length : (size_t)socket->payload_left;
  if (is_control(socket)) {
    memcpy(socket->control + socket->control_length, bytes, taken);
    socket->control_length = (uint8_t)(socket->control_length + taken);
  } else if (!socket->too_long) {
    memcpy(socket->in + socket->in_length, bytes, taken);
    socket->in_length += taken;
  }
  socket->payload_left -= taken;
  if (socket->payload_left == 0) take_frame(socket);
  return taken;
}

void tg_socket_input(tg_socket *socket, const uint8_t *bytes, size_t length) {
  while (length > 0 && (socket->state == TG_SOCKET_UPGRADING || socket->state == TG_SOCKET_OPEN)) {
    size_t taken = 1;
    if (socket->state == TG_SOCKET_UPGRADING) take_answer_byte(socket, bytes[0]);
    else taken = take_frame_bytes(socket, bytes, length);
    bytes += taken;
    length -= taken;
  }
}

/* Output */

bool tg_socket_send(tg_socket *socket, bool is_text, const uint8_t *bytes, size_t length) {
  return socket->state == TG_SOCKET_OPEN && put_frame(socket, is_text ? op_text : op_binary, bytes, length);
}

const uint8_t *tg_socket_output(const tg_socket *socket, size_t *length) {
  *length = socket->out_length;
  return socket->out;
}

void tg_socket_written(tg_socket *socket, size_t length) {
  size_t left = length < socket->out_length ? socket->out_length - length : 0;
  for (size_t i = 0; i < left; i++) socket->out[i] = socket->out[length + i]; /* from the front, because the two may overlap */
  socket->out_length = left;
}

bool tg_socket_is_done(const tg_socket *socket) {
  return socket->state == TG_SOCKET_ENDING && socket->out_length == 0;
}
