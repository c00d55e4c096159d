// A container's log: one line each, "2026-11-24T02:44:07.123456789Z stdout F text" (the CRI format), rotated by
// renaming log -> log.1 -> log.2. F ends a line, P is a part of one.
#define _GNU_SOURCE
#include "interpreter.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_LIMIT 16384

struct line {
  size_t length;
  char bytes[LINE_LIMIT];
};

struct journal {
  int folder, file;
  int64_t size, limit, files;
  struct line lines[2];
  size_t pending; // bytes in out
  char out[2 * LINE_LIMIT + 256];
};

static void open_file(struct journal *journal) {
  journal->file = openat(journal->folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat info;
  journal->size = journal->file >= 0 && !fstat(journal->file, &info) ? info.st_size : 0;
}

struct journal *journal_open(const struct shim_options *options) {
  struct journal *journal = calloc(1, sizeof *journal);
  if (!journal) return NULL;
  journal->folder = options->journal;
  journal->limit = options->journal_bytes;
  journal->files = options->journal_files < 1 ? 1 : options->journal_files;
  open_file(journal);
  return journal;
}

static void rotate(struct journal *journal) {
  char from[32], to[32];
  for (int64_t i = journal->files - 1; i > 0; i--) {
    snprintf(to, sizeof to, "log.%d", (int)i);
    snprintf(from, sizeof from, i > 1 ? "log.%d" : "log", (int)i - 1);
    renameat(journal->folder, from, journal->folder, to);
  }
  if (journal->files == 1) unlinkat(journal->folder, "log", 0);
  close_quietly(&journal->file);
  open_file(journal);
}

void journal_flush(struct journal *journal) {
  if (!journal->pending) return;
  // A full disk loses log lines; it must never stop the container.
  size_t done = 0;
  while (journal->file >= 0 && done < journal->pending) {
    ssize_t n = write(journal->file, journal->out + done, journal->pending - done);
    if (n <= 0) break;
    done += (size_t)n;
  }
  journal->size += (int64_t)done;
  journal->pending = 0;
  if (journal->limit > 0 && journal->size >= journal->limit) rotate(journal);
}

static void emit(struct journal *journal, int stream, char kind) {
  struct line *line = &journal->lines[stream - 1];
  if (journal->pending + line->length + 64 > sizeof journal->out) journal_flush(journal);
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  char *out = journal->out + journal->pending;
  size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
  n += (size_t)snprintf(out + n, 64, ".%09ldZ %s %c ", now.tv_nsec, stream == 1 ? "stdout" : "stderr", kind);
  memcpy(out + n, line->bytes, line->length);
  n += line->length;
  out[n++] = '\n';
  journal->pending += n;
  line->length = 0;
}

void journal_append(struct journal *journal, int stream, const char *bytes, size_t length) {
  struct line *line = &journal->lines[stream - 1];
  if (length == 0 && line->length) emit(journal, stream, 'P');
  while (length) {
    const char *newline = memchr(bytes, '\n', length);
    size_t part = newline ? (size_t)(newline - bytes) : length;
    size_t room = LINE_LIMIT - line->length;
    size_t taken = part < room ? part : room;
    memcpy(line->bytes + line->length, bytes, taken);
    line->length += taken;
    bytes += taken;
    length -= taken;
    if (taken == part && newline) {
      emit(journal, stream, 'F');
      bytes++;
      length--;
    } else if (line->length == LINE_LIMIT) {
      emit(journal, stream, 'P');
    }
  }
}
