/*
 * The transport of a tg_device over a POSIX TCP socket, and the model for ports to other systems (README.md, Porting).
 */
#ifndef POSIX_LINK_H
#define POSIX_LINK_H

#include "../tidegate_device.h"
#include "../tidegate_socket.h"

typedef struct posix_link {
  tg_device *device;
  tg_socket socket;
  tg_socket_hooks socket_hooks;
  /* Called when a link or an attempt has ended, before the device. May be null. */
  void (*ended)(const tg_socket_end *end);
  int file; /* -1: no connection */
  bool is_connecting;
  char host[136];
  char port[8];
  char authority[148]; /* host and port for the Host header */
  char path[160];
  const char *device_id;
  const char *secret;
  uint8_t in[1400];
  uint8_t out[8192];
} posix_link;

/* Splits ws://host:port/path into its parts. Returns false if the text is no such URL. */
bool posix_link_init(posix_link *link, tg_device *device, const char *url, const char *stream, const char *device_id, const char *secret);

/* The functions for the tg_device_hooks of this link; `context` is the link. */
bool posix_link_connect(void *link);
bool posix_link_send(void *link, bool is_text, const uint8_t *bytes, size_t length);
void posix_link_close(void *link, uint16_t code, const char *reason, size_t reason_length);
uint32_t posix_random(void *unused);

/* A count of ms that may wrap; Unix ms. */
uint32_t posix_now_ms(void);
int64_t posix_unix_ms(void);

/*
 * Polls the device, and waits at most `wait_ms_max` until the device or the connection has something to do, or until `input` (a file; -1: none)
 * can be read. Returns whether `input` can be read.
 */
bool posix_link_step(posix_link *link, int input, uint32_t wait_ms_max);

#endif
