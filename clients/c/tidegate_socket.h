/*
 * A WebSocket client's end (RFC 6455) over any transport of bytes: the upgrade with a device's credential (PROTOCOL.md §1), frames, masking.
 * It owns no connection: the caller hands in what it read, and writes what is to be written. Usable without the rest of this library.
 */
#ifndef TIDEGATE_SOCKET_H
#define TIDEGATE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_SOCKET_REQUEST_BYTES_MAX 640 /* of an upgrade with the longest id, stream, and a host name of 128 bytes */
#define TG_SOCKET_FRAME_OVERHEAD 8 /* of a message up to 65,535 bytes */
#define TG_CLOSE_PROTOCOL_ERROR 1002

typedef struct {
  const char *host; /* as in the Host header: name or address, and port */
  const char *path; /* such as /v1/device?stream=main */
  const char *device; /* id */
  const char *secret;
  const char *protocol; /* tidegate.v1.binary */
} tg_upgrade;

/* How it ended. Exactly one of status and code is not 0. */
typedef struct {
  uint16_t status; /* of the HTTP answer that was not 101 */
  uint16_t code; /* of the close frame; 1006 without one, 1005 for one without a code */
  uint32_t retry_after_s; /* the Retry-After header; 0 without, or where it is a date */
  const char *reason; /* of the close frame; not terminated, holds during the call */
  size_t reason_length;
} tg_socket_end;

typedef struct {
  void *context;
  /* A whole message. `bytes` hold during the call. */
  void (*message)(void *context, bool is_text, const uint8_t *bytes, size_t length);
  /* A ping or pong, of which a watch on silence wants to know. Pings are answered here. May be null. */
  void (*heard)(void *context);
  /* Once an opening, unless the caller closed it itself. */
  void (*ended)(void *context, const tg_socket_end *end);
  /* 32 random bits for keys and masks; unpredictable to others (RFC 6455 §10.3). */
  uint32_t (*random)(void *context);
  /* Whether the answer's Sec-WebSocket-Accept is right for `key` (terminated). Null: not checked. tg_accept_is_right does it. */
  bool (*accept)(const char *key, const char *accept, size_t accept_length);
} tg_socket_hooks;

typedef enum { TG_SOCKET_CLOSED, TG_SOCKET_UPGRADING, TG_SOCKET_OPEN, TG_SOCKET_ENDING } tg_socket_state;

/* All members are the library's own. */
typedef struct {
  const tg_socket_hooks *hooks;
  const char *protocol;
  tg_socket_state state;
  uint8_t *in; /* the answer to the upgrade, then the message being put together */
  size_t in_capacity;
  size_t in_length;
  uint8_t *out;
  size_t out_capacity;
  size_t out_length;
  uint64_t payload_left;
  uint8_t header[10];
  uint8_t header_length;
  uint8_t opcode; /* of the frame at hand */
  uint8_t message_opcode; /* of the message at hand; 0: none */
  bool too_long; /* the message at hand: it is passed over */
  uint8_t control_length;
  uint8_t control[125];
  char key[25];
} tg_socket;

/*
 * `in` takes the answer's headers (about 300 bytes) and then the longest message that is wanted: 32 + 1,024 bytes for a command, or what
 * hello says. A longer message is passed over. `out` takes what was not written yet: the request (TG_SOCKET_REQUEST_BYTES_MAX), and then
 * whatever is to be sent at once, a message and TG_SOCKET_FRAME_OVERHEAD at least.
 */
void tg_socket_init(tg_socket *socket, const tg_socket_hooks *hooks, uint8_t *in, size_t in_capacity, uint8_t *out, size_t out_capacity);

/* A connection stands: begins the upgrade. False where the request does not fit. `upgrade` is not kept, its protocol is. */
bool tg_socket_open(tg_socket *socket, const tg_upgrade *upgrade);

/* What was read from the connection. */
void tg_socket_input(tg_socket *socket, const uint8_t *bytes, size_t length);

/* The connection ended, or could not be had: told as 1006, unless an end was told before. */
void tg_socket_lost(tg_socket *socket);

/* Queues one message. False where it is not open, or there is no room until more is written. */
bool tg_socket_send(tg_socket *socket, bool is_text, const uint8_t *bytes, size_t length);

/* Queues a close frame, drops what comes after, and tells no end. A reason of more than 123 bytes is cut. Code 0: no frame, at once. */
void tg_socket_close(tg_socket *socket, uint16_t code, const char *reason, size_t reason_length);

/* What is to be written; tg_socket_written says how much of it was. */
const uint8_t *tg_socket_output(const tg_socket *socket, size_t *length);
void tg_socket_written(tg_socket *socket, size_t length);

/* True when the caller should end the connection: it is over, and everything is written. */
bool tg_socket_is_done(const tg_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
