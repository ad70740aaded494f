/*
 * A log in a file, and the other things that a device writes down, for systems with a file system. It survives the process; for a power
 * cut it would take an fdatasync at each append, which is left out here since it costs more than a device of one reading a second wants.
 */
#ifndef FILE_LOG_H
#define FILE_LOG_H

#include "../tidegate_device.h"

typedef struct {
  char path[480];
  int file;
  uint64_t first_at; /* offsets in the file */
  uint64_t end_at;
  uint32_t cursor_index; /* the last record read, since reading goes on from it */
  uint64_t cursor_at;
} file_log;

/* Opens or makes `folder`/log. What a crash cut off at the end is dropped. False, with errno, where it cannot be had. */
bool file_log_open(tg_log *log, file_log *file, const char *folder);
void file_log_close(file_log *file);

/* Small whole files of a folder. Reading: false where there is none of that size. Writing is atomic, and durable on return. */
bool state_read(const char *folder, const char *name, void *into, size_t length);
bool state_write(const char *folder, const char *name, const void *bytes, size_t length);

#endif
