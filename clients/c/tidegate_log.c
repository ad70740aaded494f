#include "tidegate_log.h"

#include <string.h>

#include "tidegate_bytes.h"

static size_t wrapped(const tg_ring *ring, size_t offset) {
  return offset >= ring->capacity ? offset - ring->capacity : offset;
}

static void copy_in(tg_ring *ring, size_t offset, const uint8_t *bytes, size_t length) {
  size_t before_edge = ring->capacity - offset;
  size_t first = length < before_edge ? length : before_edge;
  memcpy(ring->memory + offset, bytes, first);
  if (length > first) memcpy(ring->memory, bytes + first, length - first);
}

static void copy_out(const tg_ring *ring, size_t offset, uint8_t *into, size_t length) {
  size_t before_edge = ring->capacity - offset;
  size_t first = length < before_edge ? length : before_edge;
  memcpy(into, ring->memory + offset, first);
  if (length > first) memcpy(into + first, ring->memory, length - first);
}

static size_t record_bytes_at(const tg_ring *ring, size_t offset) {
  uint8_t length[TG_RING_RECORD_OVERHEAD];
  copy_out(ring, offset, length, sizeof length);
  return tg_get_u16(length);
}

static size_t after_record(const tg_ring *ring, size_t offset) {
  return wrapped(ring, offset + TG_RING_RECORD_OVERHEAD + record_bytes_at(ring, offset));
}

static bool ring_append(tg_log *log, const uint8_t *record, size_t length) {
  tg_ring *ring = log->context;
  if (length > UINT16_MAX || ring->capacity - ring->used < length + TG_RING_RECORD_OVERHEAD) return false;
  uint8_t prefix[TG_RING_RECORD_OVERHEAD];
  tg_put_u16(prefix, (uint16_t)length);
  size_t tail = wrapped(ring, ring->head + ring->used);
  copy_in(ring, tail, prefix, sizeof prefix);
  copy_in(ring, wrapped(ring, tail + sizeof prefix), record, length);
  ring->used += length + sizeof prefix;
  log->end++;
  return true;
}

static size_t ring_read(tg_log *log, uint32_t index, uint8_t *into, size_t capacity) {
  tg_ring *ring = log->context;
  if (index - log->first >= log->end - log->first) return 0;
  /* To read an earlier record, as after a reconnect, it starts from the front; also if the cursor was dropped, whose index then seems far ahead. */
  if (index - log->first < ring->cursor_index - log->first) {
    ring->cursor_index = log->first;
    ring->cursor = ring->head;
  }
  for (; ring->cursor_index != index; ring->cursor_index++) ring->cursor = after_record(ring, ring->cursor);
  size_t length = record_bytes_at(ring, ring->cursor);
  if (length > capacity) return 0;
  copy_out(ring, wrapped(ring, ring->cursor + TG_RING_RECORD_OVERHEAD), into, length);
  return length;
}

static void ring_drop(tg_log *log, uint32_t index) {
  tg_ring *ring = log->context;
  for (; log->first != index; log->first++) {
    ring->used -= TG_RING_RECORD_OVERHEAD + record_bytes_at(ring, ring->head);
    ring->head = after_record(ring, ring->head);
  }
}

void tg_ring_init(tg_log *log, tg_ring *ring, uint8_t *memory, size_t capacity) {
  memset(ring, 0, sizeof *ring);
  memset(log, 0, sizeof *log);
  ring->memory = memory;
  ring->capacity = capacity;
  log->context = ring;
  log->record_bytes_max = capacity < TG_RING_RECORD_OVERHEAD ? 0 : capacity - TG_RING_RECORD_OVERHEAD;
  log->append = ring_append;
  log->read = ring_read;
  log->drop = ring_drop;
}
