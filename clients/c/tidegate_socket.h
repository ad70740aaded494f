/*
 * A WebSocket client (RFC 6455) over any transport of bytes: the upgrade with a device's credential (PROTOCOL.md §1), frames, masking.
 * It owns no connection: the caller passes in the bytes that it read, and writes the bytes of the output. It can be used without the rest of this
 * library.
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

/* How the connection ended. Exactly one of status and code is not 0. */
typedef struct {
  uint16_t status; /* of the HTTP answer that was not 101 */
  uint16_t code; /* of the close frame; 1006 without one, 1005 for one without a code */
  uint32_t retry_after_s; /* the Retry-After header; 0 if there is none or if it is a date */
  const char *reason; /* of the close frame; not terminated, valid during the call only */
  size_t reason_length;
} tg_socket_end;

typedef struct {
  void *context;
  /* A complete message arrived. `bytes` are valid during the call only. */
  void (*message)(void *context, bool is_text, const uint8_t *bytes, size_t length);
  /* A ping or a pong arrived, which shows that the link works. The socket itself answers pings. May be null. */
  void (*heard)(void *context);
  /* The connection ended. Called once per tg_socket_open, unless the caller closed the socket. */
  void (*ended)(void *context, const tg_socket_end *end);
  /* Returns 32 random bits for keys and masks, which others cannot predict (RFC 6455 §10.3). */
  uint32_t (*random)(void *context);
  /* Returns whether Sec-WebSocket-Accept is right for `key` (terminated), as tg_accept_is_right does. Null: not checked. */
  bool (*accept)(const char *key, const char *accept, size_t accept_length);
} tg_socket_hooks;

typedef enum { TG_SOCKET_CLOSED, TG_SOCKET_UPGRADING, TG_SOCKET_OPEN, TG_SOCKET_ENDING } tg_socket_state;

/* All members are private to the library. */
typedef struct {
  const tg_socket_hooks *hooks;
  const char *protocol;
  tg_socket_state state;
  uint8_t *in; /* the answer to the upgrade, then the message that is being assembled */
  size_t in_capacity;
  size_t in_length;
  uint8_t *out;
  size_t out_capacity;
  size_t out_length;
  uint64_t payload_left;
  uint8_t header[10];
  uint8_t header_length;
  uint8_t opcode; /* of the present frame */
  uint8_t message_opcode; /* of the present message; 0: none */
  bool too_long; /* the present message does not fit and is skipped */
  uint8_t control_length;
  uint8_t control[125];
  char key[25];
} tg_socket;

/*
 * `in` must have room for the answer's headers (about 300 bytes), and then for the longest message that the device accepts: 32 + 1,024 bytes
 * for a command, or as many as hello says. Longer messages are skipped. `out` holds bytes that are not written yet. It must have room for the request
 * (TG_SOCKET_REQUEST_BYTES_MAX), and then at least for one message and TG_SOCKET_FRAME_OVERHEAD.
 */
void tg_socket_init(tg_socket *socket, const tg_socket_hooks *hooks, uint8_t *in, size_t in_capacity, uint8_t *out, size_t out_capacity);

/* Begins the upgrade on a new connection. Returns false if the request does not fit. `upgrade` is not kept, but its `protocol` is. */
bool tg_socket_open(tg_socket *socket, const tg_upgrade *upgrade);

/* Passes in bytes that were read from the connection. */
void tg_socket_input(tg_socket *socket, const uint8_t *bytes, size_t length);

/* The connection ended or failed. It is reported as 1006, unless an end was reported before. */
void tg_socket_lost(tg_socket *socket);

/* Queues one message. Returns false if the socket is not open, or if there is no room until more is written. */
bool tg_socket_send(tg_socket *socket, bool is_text, const uint8_t *bytes, size_t length);

/* Queues a close frame, ignores further input, and reports no end. A reason of more than 123 bytes is cut. Code 0 closes at once, without a frame. */
void tg_socket_close(tg_socket *socket, uint16_t code, const char *reason, size_t reason_length);

/* The bytes to write. Report how many were written with tg_socket_written. */
const uint8_t *tg_socket_output(const tg_socket *socket, size_t *length);
void tg_socket_written(tg_socket *socket, size_t length);

/* Whether the caller should end the connection: the socket is closed and everything is written. */
bool tg_socket_is_done(const tg_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
