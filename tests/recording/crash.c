/* For tests, by LD_PRELOAD: kill this process at its Nth change of a file whose path begins with $CRASH_DIR.
 *   cc -shared -fPIC -O2 -o crash.so crash.c -ldl
 * A change is a write, a sync, a truncation or a removal. crash_at(n, torn) arms it, counting from now (n = 0 only
 * counts); torn: half of a write that is killed still reaches the file. crash_seen() tells how many there were.
 * crash_unsynced() tells how many writes to the log (-wal) have not been followed by a sync of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long fatal, seen, unsynced;
static int torn;

void crash_at(long n, int half) { fatal = n, torn = half, seen = 0; }
long crash_seen(void) { return seen; }
long crash_unsynced(void) { return unsynced; }

static int under(const char *path) {
  const char *dir = getenv("CRASH_DIR");
  return dir && !strncmp(path, dir, strlen(dir));
}

static int due(const char *path) { return under(path) && ++seen == fatal; }

static int due_fd(int fd, int syncs) {
  char link[40], path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  if (size > 4 && !strcmp(path + size - 4, "-wal")) unsynced = syncs ? 0 : unsynced + 1;
  return due(path);
}

static void die(void) { kill(getpid(), SIGKILL); pause(); }

ssize_t write(int fd, const void *data, size_t size) {
  if (due_fd(fd, 0)) { if (torn) NEXT(write)(fd, data, size / 2); die(); }
  return NEXT(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  if (due_fd(fd, 0)) { if (torn) NEXT(pwrite)(fd, data, size / 2, at); die(); }
  return NEXT(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  if (due_fd(fd, 0)) { if (torn) NEXT(pwrite64)(fd, data, size / 2, at); die(); }
  return NEXT(pwrite64)(fd, data, size, at);
}

int fsync(int fd) { if (due_fd(fd, 1)) die(); return NEXT(fsync)(fd); }
int fdatasync(int fd) { if (due_fd(fd, 1)) die(); return NEXT(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { if (due_fd(fd, 0)) die(); return NEXT(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { if (due_fd(fd, 0)) die(); return NEXT(ftruncate64)(fd, size); }
int unlink(const char *path) { if (due(path)) die(); return NEXT(unlink)(path); }
