/*
 * Puts the heap of a long run on large pages; Linux on x86-64 or arm64, Node 20 to 22. Not needed for anything but speed: a
 * simulated peer is hundreds of objects all over a heap of gigabytes, V8 asks for that heap in chunks of 256 KiB at random
 * addresses, and so most loads wait for an address to be translated first. Here the chunks lie side by side, in memory
 * that the kernel backs with pages of 2 MiB. What a run finds is the same, event for event.
 *
 *     gcc -O2 -shared -fPIC -o /tmp/large-pages.so sim/full/large-pages.c -lpthread
 *     LD_PRELOAD=/tmp/large-pages.so npm run sim:full -- --peers 10000 --seeds 1
 *
 * Needs /sys/kernel/mm/transparent_hugepage/enabled to be `always` or `madvise`.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A page of V8's heap, and what V8 reserves to find one that is aligned: it gives the rest back at once. */
#define CHUNK (256UL << 10)
#define RESERVATION (2 * CHUNK - 4096)
#define LARGE (2UL << 20)
/* Addresses, not memory: more than any heap has. */
#define ARENA (40UL << 30)

static char *start, *next, *end;
static char *freed[ARENA / CHUNK];
static long freedCount;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *map(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}

__attribute__((constructor)) static void reserve(void) {
  char *arena = map(0, ARENA + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (arena == MAP_FAILED) return;
  start = next = (char *)(((uintptr_t)arena + LARGE - 1) & ~(LARGE - 1));
  end = start + ARENA;
  syscall(SYS_madvise, start, ARENA, MADV_HUGEPAGE);
}

static int isOurs(void *at) {
  return start && (char *)at >= start && (char *)at < end;
}

/* A chunk of zeros, or nothing when the arena is used up. */
static char *take(void) {
  pthread_mutex_lock(&lock);
  const int again = freedCount > 0;
  char *chunk = again ? freed[--freedCount] : next < end ? next : 0;
  if (!again && chunk) next += CHUNK;
  pthread_mutex_unlock(&lock);
  return again ? memset(chunk, 0, CHUNK) : chunk;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  if (isOurs(at) && (flags & MAP_FIXED)) return memset(at, 0, length);
  if (start && length == RESERVATION && protection == PROT_NONE && (flags & MAP_ANONYMOUS) && !(flags & MAP_FIXED)) {
    char *chunk = take();
    if (chunk) return chunk;
  }
  return map(at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  return mmap(at, length, protection, flags, fd, offset);
}

/* A chunk as a whole is kept for the next one that is asked for; the rest of a reservation is none of ours. */
int munmap(void *at, size_t length) {
  if (!isOurs(at)) return syscall(SYS_munmap, at, length);
  if (length == CHUNK && (uintptr_t)at % CHUNK == 0) {
    pthread_mutex_lock(&lock);
    freed[freedCount++] = at;
    pthread_mutex_unlock(&lock);
  }
  return 0;
}

/* Chunks can be read and written from the start, and keep their pages: parts of them with other rights would split those. */
int mprotect(void *at, size_t length, int protection) {
  return isOurs(at) ? 0 : syscall(SYS_mprotect, at, length, protection);
}

int madvise(void *at, size_t length, int advice) {
  return isOurs(at) ? 0 : syscall(SYS_madvise, at, length, advice);
}
