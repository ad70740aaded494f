/*
 * A log in a file, and the other things that a device saves, for systems with a file system. It survives the process, but not a power cut:
 * that would need an fdatasync per append, which is too slow for a device that sends one reading per second.
 */
#ifndef FILE_LOG_H
#define FILE_LOG_H

#include "../tidegate_device.h"

typedef struct {
  char path[480];
  int file;
  uint64_t first_at; /* offsets in the file */
  uint64_t end_at;
  uint32_t cursor_index; /* the last record read; reading continues from it */
  uint64_t cursor_at;
} file_log;

/* Opens or creates `folder`/log. An incomplete record at the end, after a crash, is dropped. Returns false, with errno, if that fails. */
bool file_log_open(tg_log *log, file_log *file, const char *folder);
void file_log_close(file_log *file);

/* Small files of a folder, read and written whole. Reading returns false if none has this size. Writing is atomic, and durable on return. */
bool state_read(const char *folder, const char *name, void *into, size_t length);
bool state_write(const char *folder, const char *name, const void *bytes, size_t length);

#endif
