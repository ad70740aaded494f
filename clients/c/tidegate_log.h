/*
 * The log of frames that the gateway does not have yet: records with ascending indexes, added at the end and dropped at the front.
 * tg_ring keeps it in memory of the caller's; a log in flash or a file fills in the same four operations (examples/file_log.c).
 */
#ifndef TIDEGATE_LOG_H
#define TIDEGATE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Records first .. end-1 exist. Indexes go on over restarts where the log does, since the numbering is kept by index (tg_numbering);
 * they may wrap. The log moves `first` and `end` itself, within append and drop.
 */
typedef struct tg_log {
  void *context;
  uint32_t first;
  uint32_t end;
  size_t record_bytes_max;
  /* Adds a record (32-65,535 bytes). False where there is no room or the medium fails; then nothing has changed. */
  bool (*append)(struct tg_log *log, const uint8_t *record, size_t length);
  /* Copies the record into `into`. Returns its length; 0 where it is longer than `capacity` or cannot be read: it is then skipped as lost. */
  size_t (*read)(struct tg_log *log, uint32_t index, uint8_t *into, size_t capacity);
  /* Forgets every record before `index`, which is first < index <= end. May be lazy on the medium: records that come back after a restart are dropped by their numbers. */
  void (*drop)(struct tg_log *log, uint32_t index);
} tg_log;

/* A log in RAM: a ring of records with their lengths before them. It does not outlive a restart. */
typedef struct {
  uint8_t *memory;
  size_t capacity;
  size_t used;
  size_t head; /* offset of the first record */
  uint32_t cursor_index; /* the last record read, since reading goes on from it */
  size_t cursor;
} tg_ring;

#define TG_RING_RECORD_OVERHEAD 2

/* Makes `log` a ring over `memory`. A record takes its length and 2 bytes. */
void tg_ring_init(tg_log *log, tg_ring *ring, uint8_t *memory, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
