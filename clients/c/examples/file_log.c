#include "file_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../tidegate_bytes.h"

/* The file: "TGL1", u32 index of the first record, then the records, each after its u16 length. */
enum { header_bytes = 8, prefix_bytes = 2, rewrite_bytes_min = 65536 };

static bool read_at(int file, uint64_t at, void *into, size_t length) {
  return pread(file, into, length, (off_t)at) == (ssize_t)length;
}

static bool write_at(int file, uint64_t at, const void *bytes, size_t length) {
  return pwrite(file, bytes, length, (off_t)at) == (ssize_t)length;
}

/* The length of the record at this place; 0 if there is no complete record. */
static size_t record_bytes_at(int file, uint64_t at, uint64_t end) {
  uint8_t prefix[prefix_bytes];
  if (at + prefix_bytes > end || !read_at(file, at, prefix, sizeof prefix)) return 0;
  size_t length = tg_get_u16(prefix);
  return at + prefix_bytes + length > end ? 0 : length;
}

static bool file_append(tg_log *log, const uint8_t *record, size_t length) {
  file_log *file = log->context;
  uint8_t bytes[prefix_bytes + 2048];
  if (length > sizeof bytes - prefix_bytes) return false;
  tg_put_u16(bytes, (uint16_t)length);
  memcpy(bytes + prefix_bytes, record, length);
  if (!write_at(file->file, file->end_at, bytes, prefix_bytes + length)) return false;
  file->end_at += prefix_bytes + length;
  log->end++;
  return true;
}

static void to_first(const tg_log *log, file_log *file) {
  file->cursor_index = log->first;
  file->cursor_at = file->first_at;
}

static bool move_cursor(tg_log *log, file_log *file, uint32_t index) {
  if (index - log->first < file->cursor_index - log->first) to_first(log, file);
  for (; file->cursor_index != index; file->cursor_index++) {
    size_t length = record_bytes_at(file->file, file->cursor_at, file->end_at);
    if (length == 0) return false;
    file->cursor_at += prefix_bytes + length;
  }
  return true;
}

static size_t file_read(tg_log *log, uint32_t index, uint8_t *into, size_t capacity) {
  file_log *file = log->context;
  if (index - log->first >= log->end - log->first || !move_cursor(log, file, index)) return 0;
  size_t length = record_bytes_at(file->file, file->cursor_at, file->end_at);
  return length <= capacity && read_at(file->file, file->cursor_at + prefix_bytes, into, length) ? length : 0;
}

static bool copy_rest(int from, uint64_t at, uint64_t end, int to) {
  uint8_t bytes[4096];
  for (uint64_t out = header_bytes; at < end;) {
    size_t length = end - at < sizeof bytes ? (size_t)(end - at) : sizeof bytes;
    if (!read_at(from, at, bytes, length) || !write_at(to, out, bytes, length)) return false;
    at += length;
    out += length;
  }
  return true;
}

/* Copies the remaining records to a new file, which then replaces this one, so that one complete file exists at every moment. */
static void rewrite(const tg_log *log, file_log *file) {
  char fresh_path[sizeof file->path + 8];
  uint8_t header[header_bytes] = {'T', 'G', 'L', '1'};
  snprintf(fresh_path, sizeof fresh_path, "%s.new", file->path);
  tg_put_u32(header + 4, log->first);
  int fresh = open(fresh_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fresh < 0) return;
  if (!write_at(fresh, 0, header, sizeof header) || !copy_rest(file->file, file->first_at, file->end_at, fresh) || fdatasync(fresh) != 0 ||
      rename(fresh_path, file->path) != 0) {
    close(fresh);
    return;
  }
  close(file->file);
  file->file = fresh;
  file->end_at -= file->first_at - header_bytes;
  file->first_at = header_bytes;
  to_first(log, file);
}

/* Drops records in memory only, until half of a large file is unused. Records that return after a crash are dropped by their seqs. */
static void file_drop(tg_log *log, uint32_t index) {
  file_log *file = log->context;
  if (move_cursor(log, file, index)) file->first_at = file->cursor_at;
  log->first = index;
  to_first(log, file);
  uint64_t dropped = file->first_at - header_bytes;
  if (dropped >= rewrite_bytes_min && dropped >= file->end_at - file->first_at) rewrite(log, file);
}

static void count_records(tg_log *log, file_log *file, uint64_t size) {
  size_t length;
  while ((length = record_bytes_at(file->file, file->end_at, size)) > 0) {
    file->end_at += prefix_bytes + length;
    log->end++;
  }
}

bool file_log_open(tg_log *log, file_log *file, const char *folder) {
  uint8_t header[header_bytes] = {'T', 'G', 'L', '1'};
  memset(log, 0, sizeof *log);
  memset(file, 0, sizeof *file);
  if (snprintf(file->path, sizeof file->path, "%s/log", folder) >= (int)sizeof file->path) return false;
  file->file = open(file->path, O_RDWR | O_CREAT, 0600);
  if (file->file < 0) return false;
  if (!read_at(file->file, 0, header, sizeof header) && !write_at(file->file, 0, header, sizeof header)) return false;
  if (memcmp(header, "TGL1", 4) != 0) return false;
  log->context = file;
  log->first = log->end = tg_get_u32(header + 4);
  log->record_bytes_max = 2048;
  log->append = file_append;
  log->read = file_read;
  log->drop = file_drop;
  file->first_at = file->end_at = header_bytes;
  count_records(log, file, (uint64_t)lseek(file->file, 0, SEEK_END));
  to_first(log, file);
  return ftruncate(file->file, (off_t)file->end_at) == 0;
}

void file_log_close(file_log *file) {
  close(file->file);
}

bool state_read(const char *folder, const char *name, void *into, size_t length) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int file = open(path, O_RDONLY);
  bool is_read = file >= 0 && read_at(file, 0, into, length);
  if (file >= 0) close(file);
  return is_read;
}

bool state_write(const char *folder, const char *name, const void *bytes, size_t length) {
  char path[512];
  char fresh_path[520];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  snprintf(fresh_path, sizeof fresh_path, "%s.new", path);
  int file = open(fresh_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  bool is_written = file >= 0 && write_at(file, 0, bytes, length) && fdatasync(file) == 0;
  if (file >= 0) close(file);
  return is_written && rename(fresh_path, path) == 0;
}
