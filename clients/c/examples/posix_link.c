#include "posix_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../tidegate_accept.h"

enum { farewell_ms = 1000 };

uint32_t posix_random(void *unused) {
  uint32_t bits = 0;
  (void)unused;
  while (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) continue;
  return bits;
}

static int64_t clock_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t posix_now_ms(void) {
  return (uint32_t)clock_ms(CLOCK_MONOTONIC);
}

int64_t posix_unix_ms(void) {
  return clock_ms(CLOCK_REALTIME);
}

/* From the socket to the device */

static void took_message(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  posix_link *link = context;
  tg_device_received(link->device, posix_now_ms(), is_text, bytes, length);
}

static void heard(void *context) {
  posix_link *link = context;
  tg_device_heard(link->device, posix_now_ms());
}

static void ended(void *context, const tg_socket_end *end) {
  posix_link *link = context;
  if (link->ended != NULL) link->ended(end);
  if (end->status != 0) tg_device_refused(link->device, posix_now_ms(), end->status, end->retry_after_s);
  else tg_device_closed(link->device, posix_now_ms(), end->code, end->reason, end->reason_length);
}

/* The connection */

static void disconnect(posix_link *link) {
  if (link->file >= 0) close(link->file);
  link->file = -1;
  link->is_connecting = false;
}

static void lost(posix_link *link) {
  disconnect(link);
  tg_socket_lost(&link->socket);
}

static void write_out(posix_link *link) {
  size_t length;
  const uint8_t *bytes = tg_socket_output(&link->socket, &length);
  if (length == 0 || link->file < 0) return;
  ssize_t written = send(link->file, bytes, length, MSG_NOSIGNAL);
  if (written > 0) tg_socket_written(&link->socket, (size_t)written);
  else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) lost(link);
}

static void read_in(posix_link *link) {
  uint8_t bytes[2048];
  ssize_t length = recv(link->file, bytes, sizeof bytes, 0);
  if (length > 0) tg_socket_input(&link->socket, bytes, (size_t)length);
  else if (length == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) lost(link);
}

static bool open_to(posix_link *link, const struct addrinfo *address) {
  link->file = socket(address->ai_family, SOCK_STREAM, 0);
  if (link->file < 0) return false;
  fcntl(link->file, F_SETFL, O_NONBLOCK);
  if (connect(link->file, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) return true;
  disconnect(link);
  return false;
}

bool posix_link_connect(void *context) {
  posix_link *link = context;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *addresses = NULL;
  disconnect(link);
  tg_socket_lost(&link->socket); /* unwritten bytes belong to the last connection */
  if (getaddrinfo(link->host, link->port, &hints, &addresses) != 0) return false;
  link->is_connecting = open_to(link, addresses);
  freeaddrinfo(addresses);
  return link->is_connecting;
}

/* The connection is established, or has failed. */
static void connected(posix_link *link) {
  int fault = 0;
  socklen_t length = sizeof fault;
  const tg_upgrade upgrade = {link->authority, link->path, link->device_id, link->secret, "tidegate.v1.binary"};
  link->is_connecting = false;
  tg_socket_open(&link->socket, &upgrade); /* always fits, because posix_link_init has limited the parts */
  if (getsockopt(link->file, SOL_SOCKET, SO_ERROR, &fault, &length) != 0 || fault != 0) lost(link);
}

bool posix_link_send(void *context, bool is_text, const uint8_t *bytes, size_t length) {
  posix_link *link = context;
  return tg_socket_send(&link->socket, is_text, bytes, length);
}

/* Waits until everything is written and the other side has closed. Closing with unread data would reset the connection and lose sent data. */
static void say_farewell(posix_link *link) {
  uint32_t since = posix_now_ms();
  while (link->file >= 0 && posix_now_ms() - since < farewell_ms) {
    size_t left;
    tg_socket_output(&link->socket, &left);
    struct pollfd wait = {link->file, (short)(POLLIN | (left > 0 ? POLLOUT : 0)), 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    if ((wait.revents & POLLOUT) != 0) write_out(link);
    if (link->file >= 0 && (wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_in(link);
  }
}

void posix_link_close(void *context, uint16_t code, const char *reason, size_t reason_length) {
  posix_link *link = context;
  tg_socket_close(&link->socket, code, reason, reason_length);
  if (code != 0 && !link->is_connecting) say_farewell(link);
  disconnect(link);
}

/* The step */

static void serve_connection(posix_link *link, short happened) {
  if (link->is_connecting && (happened & (POLLOUT | POLLERR | POLLHUP)) != 0) connected(link);
  else if ((happened & (POLLIN | POLLERR | POLLHUP)) != 0) read_in(link);
}

static short wanted_of(const posix_link *link) {
  size_t left;
  tg_socket_output(&link->socket, &left);
  return (short)(POLLIN | (link->is_connecting || left > 0 ? POLLOUT : 0));
}

bool posix_link_step(posix_link *link, int input, uint32_t wait_ms_max) {
  uint32_t due_ms = tg_device_poll(link->device, posix_now_ms());
  write_out(link);
  if (tg_socket_is_done(&link->socket)) disconnect(link);
  /* poll(2) ignores files below 0. */
  struct pollfd waits[2] = {{input, POLLIN, 0}, {link->file, link->file < 0 ? 0 : wanted_of(link), 0}};
  if (poll(waits, 2, (int)(due_ms < wait_ms_max ? due_ms : wait_ms_max)) <= 0) return false;
  if (link->file >= 0) serve_connection(link, waits[1].revents);
  return (waits[0].revents & (POLLIN | POLLHUP)) != 0;
}

bool posix_link_init(posix_link *link, tg_device *device, const char *url, const char *stream, const char *device_id, const char *secret) {
  char path[64] = "";
  memset(link, 0, sizeof *link);
  link->device = device;
  link->file = -1;
  link->device_id = device_id;
  link->secret = secret;
  link->socket_hooks = (tg_socket_hooks){link, took_message, heard, ended, posix_random, tg_accept_is_right};
  tg_socket_init(&link->socket, &link->socket_hooks, link->in, sizeof link->in, link->out, sizeof link->out);
  if (sscanf(url, "ws://%127[^:/]:%7[0-9]%63s", link->host, link->port, path) != 3) return false;
  snprintf(link->authority, sizeof link->authority, "%s:%s", link->host, link->port);
  snprintf(link->path, sizeof link->path, "%s?stream=%s", path, stream);
  return strlen(device_id) <= 64 && strlen(stream) <= 64 && strlen(secret) <= 64;
}
