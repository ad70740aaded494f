/* The check of Sec-WebSocket-Accept (RFC 6455 §4.2.2). It is optional, because many devices have SHA-1 in hardware or in TLS. */
#ifndef TIDEGATE_ACCEPT_H
#define TIDEGATE_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether `accept` is base64(SHA-1(key and the RFC's GUID)). `key` is terminated, 24 characters. */
bool tg_accept_is_right(const char *key, const char *accept, size_t accept_length);

#ifdef __cplusplus
}
#endif

#endif
