/*
 * The log of frames that the gateway has not acknowledged: records with ascending indexes, appended at the end and dropped at the front.
 * tg_ring keeps them in the caller's memory. A log in flash or in a file implements the same three operations (examples/file_log.c).
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
 * The records first .. end-1 exist. Indexes may wrap. A log that survives a restart must keep its indexes, because the numbering refers to
 * them (tg_numbering). The log itself changes `first` and `end`, in append and drop.
 */
typedef struct tg_log {
  void *context;
  uint32_t first;
  uint32_t end;
  size_t record_bytes_max;
  /* Appends a record of 32 to 65,535 bytes. Returns false, and changes nothing, if there is no room or the medium fails. */
  bool (*append)(struct tg_log *log, const uint8_t *record, size_t length);
  /* Copies the record to `into`. Returns its length, or 0 if it is longer than `capacity` or cannot be read; the device then skips it as lost. */
  size_t (*read)(struct tg_log *log, uint32_t index, uint8_t *into, size_t capacity);
  /*
   * Drops every record before `index`, with first < index <= end. The medium may do it later: records that return after a restart are
   * dropped by their seqs.
   */
  void (*drop)(struct tg_log *log, uint32_t index);
} tg_log;

/* A log in RAM: a ring of records, each after its length. It does not survive a restart. */
typedef struct {
  uint8_t *memory;
  size_t capacity;
  size_t used;
  size_t head; /* offset of the first record */
  uint32_t cursor_index; /* the last record read; reading continues from it */
  size_t cursor;
} tg_ring;

#define TG_RING_RECORD_OVERHEAD 2

/* Makes `log` a ring in `memory`. A record needs 2 bytes more than its length. */
void tg_ring_init(tg_log *log, tg_ring *ring, uint8_t *memory, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
