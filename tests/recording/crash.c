/* For tests, by LD_PRELOAD: what can happen to this process at its Nth change of a file whose path begins with $CRASH_DIR.
 *   cc -shared -fPIC -O2 -o crash.so crash.c -ldl
 * A change is a write, a sync, a truncation, a removal, or the making of a file or folder. Counted from the last call of
 *   crash_at(n, torn)       the process is killed at change n (0 only counts); torn: half of that write still reaches the file
 *   disk_fails(n, error)    change n and all later ones fail with this error number, as on a disk that has gone bad
 *   disk_fails_once(n, e)   only change n does
 * crash_seen() tells how many there were, and crash_unsynced() how many writes to the log (-wal) no sync of it has followed.
 * disk_told(fd) tells of every change from now on, for whoever plays it again: one letter (W write, T truncate, S sync,
 * U unlink, C create), u8 length of the file's name, the name, i64 offset, i64 length, and the bytes of a write.
 * disk_mark(n) puts the letter A with the number n between them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long fatal, bad, seen, unsynced;
static int torn, error_number, once, told = -1;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

void crash_at(long n, int half) { fatal = n, bad = 0, torn = half, seen = 0; }
void disk_fails(long n, int error) { bad = n, fatal = 0, error_number = error, once = 0, seen = 0; }
void disk_fails_once(long n, int error) { disk_fails(n, error), once = 1; }
void disk_told(int fd) { told = fd; }
long crash_seen(void) { return seen; }
long crash_unsynced(void) { return unsynced; }

static void tell(char letter, const char *path, int64_t at, int64_t size, const void *data) {
  if (told < 0) return;
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  uint8_t head[2] = {(uint8_t)letter, (uint8_t)strlen(name)};
  struct iovec parts[] = {{head, 2}, {(void *)name, head[1]}, {&at, 8}, {&size, 8}, {(void *)data, data ? (size_t)size : 0}};
  pthread_mutex_lock(&telling);
  for (int i = 0; i < 5; i++)
    for (size_t done = 0; done < parts[i].iov_len;) {
      ssize_t went = NEXT(write)(told, (char *)parts[i].iov_base + done, parts[i].iov_len - done);
      if (went <= 0) abort();
      done += (size_t)went;
    }
  pthread_mutex_unlock(&telling);
}

void disk_mark(long n) { tell('A', "", n, 0, 0); }

static int under(const char *path) {
  const char *dir = getenv("CRASH_DIR");
  return dir && !strncmp(path, dir, strlen(dir));
}

static int path_of(int fd, char *path, size_t room) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, room - 1);
  path[size > 0 ? size : 0] = 0;
  return size > 0 && under(path);
}

_Noreturn static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* What becomes of this change: 0 it happens, 1 the process dies at it, 2 it fails. */
static int fate(void) {
  long n = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
  if (fatal && n == fatal) return 1;
  if (!bad || n < bad || (once && n > bad)) return 0;
  errno = error_number;
  return 2;
}

static void count_unsynced(const char *path, int syncs) {
  size_t size = strlen(path);
  if (size > 4 && !strcmp(path + size - 4, "-wal")) unsynced = syncs ? 0 : unsynced + 1;
}

#define WRITES(half, whole, at) \
  char path[1024]; \
  if (!path_of(fd, path, sizeof path)) return whole; \
  switch (fate()) { \
    case 1: if (torn) (void)!half; die(); \
    case 2: return -1; \
  } \
  count_unsynced(path, 0), tell('W', path, at, (int64_t)size, data); \
  return whole;

ssize_t write(int fd, const void *data, size_t size) {
  WRITES(NEXT(write)(fd, data, size / 2), NEXT(write)(fd, data, size), lseek(fd, 0, SEEK_CUR))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  WRITES(NEXT(pwrite)(fd, data, size / 2, at), NEXT(pwrite)(fd, data, size, at), at)
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  WRITES(NEXT(pwrite64)(fd, data, size / 2, at), NEXT(pwrite64)(fd, data, size, at), at)
}

#define CHANGES_FD(letter, at, happens) \
  char path[1024]; \
  if (!path_of(fd, path, sizeof path)) return happens; \
  switch (fate()) { case 1: die(); case 2: return -1; } \
  count_unsynced(path, letter == 'S'), tell(letter, path, at, 0, 0); \
  return happens;

int fsync(int fd) { CHANGES_FD('S', 0, NEXT(fsync)(fd)) }
int fdatasync(int fd) { CHANGES_FD('S', 0, NEXT(fdatasync)(fd)) }
int ftruncate(int fd, off_t size) { CHANGES_FD('T', size, NEXT(ftruncate)(fd, size)) }
int ftruncate64(int fd, off64_t size) { CHANGES_FD('T', size, NEXT(ftruncate64)(fd, size)) }

#define CHANGES_PATH(letter, happens) \
  if (!under(path)) return happens; \
  switch (fate()) { case 1: die(); case 2: return -1; } \
  tell(letter, path, 0, 0, 0); \
  return happens;

int unlink(const char *path) { CHANGES_PATH('U', NEXT(unlink)(path)) }
int mkdir(const char *path, mode_t mode) { CHANGES_PATH('D', NEXT(mkdir)(path, mode)) }

#define MAKES(name) \
  int name(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    if (!(flags & O_CREAT) || access(path, F_OK) == 0) return NEXT(name)(path, flags, mode); \
    CHANGES_PATH('C', NEXT(name)(path, flags, mode)) \
  }
MAKES(open)
MAKES(open64)
