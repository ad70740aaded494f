#include "tidegate_accept.h"

#include <stdint.h>
#include <string.h>

enum { key_length = 24, guid_length = 36, hash_bytes = 20, block_bytes = 64 };

static uint32_t rotate(uint32_t value, unsigned by) {
  return value << by | value >> (32 - by);
}

/* One round's mixing function and constant (RFC 3174 §5). */
static uint32_t mix(unsigned round, const uint32_t *v) {
  switch (round / 20) {
    case 0: return ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999u;
    case 1: return (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1u;
    case 2: return ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) + 0x8f1bbcdcu;
    default: return (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6u;
  }
}

/* SHA-1 of one block (RFC 3174 §6.2: 16 words in a circle, for small memories). */
static void hash_block(uint32_t hash[5], const uint8_t *block) {
  uint32_t words[16];
  uint32_t v[5];
  memcpy(v, hash, sizeof v);
  for (size_t i = 0; i < 16; i++)
    words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (unsigned round = 0; round < 80; round++) {
    uint32_t *word = &words[round & 15];
    if (round >= 16) *word = rotate(words[(round + 13) & 15] ^ words[(round + 8) & 15] ^ words[(round + 2) & 15] ^ *word, 1);
    uint32_t next = rotate(v[0], 5) + mix(round, v) + v[4] + *word;
    v[4] = v[3], v[3] = v[2], v[2] = rotate(v[1], 30), v[1] = v[0], v[0] = next;
  }
  for (size_t i = 0; i < 5; i++) hash[i] += v[i];
}

/* Key and GUID have 60 bytes, which are two blocks with the padding. */
static void hash_key(uint8_t into[hash_bytes], const char *key) {
  uint32_t hash[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
  uint8_t blocks[2 * block_bytes] = {0};
  memcpy(blocks, key, key_length);
  memcpy(blocks + key_length, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", guid_length);
  blocks[key_length + guid_length] = 0x80;
  blocks[2 * block_bytes - 2] = (key_length + guid_length) * 8 >> 8;
  blocks[2 * block_bytes - 1] = (key_length + guid_length) * 8 & 0xff;
  hash_block(hash, blocks);
  hash_block(hash, blocks + block_bytes);
  for (size_t i = 0; i < hash_bytes; i++) into[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}

bool tg_accept_is_right(const char *key, const char *accept, size_t accept_length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t hash[hash_bytes + 1] = {0};
  hash_key(hash, key);
  if (accept_length != 28 || accept[27] != '=') return false;
  for (size_t at = 0; at < 27; at++) {
    const uint8_t *group = hash + at / 4 * 3;
    uint32_t bits = (uint32_t)group[0] << 16 | (uint32_t)group[1] << 8 | group[2];
    if (accept[at] != digits[bits >> (18 - 6 * (at % 4)) & 63]) return false;
  }
  return true;
}
