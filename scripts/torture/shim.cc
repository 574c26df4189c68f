// An LD_PRELOAD library that ends a process, or fails its call, at the n-th call that changes a file under one folder.
// TORTURE_UNDER: the folder. TORTURE_COUNTER: a file of 8 bytes, the calls so far of all processes and threads.
// TORTURE_AT: which call (from 1; 0: none). TORTURE_DO: kill (at once), tear (half of a write, then kill) or enospc (this write
// and all later ones fail).
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {
enum Kind { kWrite, kOther };
enum Action { kNothing, kKill, kTear, kNoSpace };

struct Settings {
  const char* under = getenv("TORTURE_UNDER");
  size_t length = under ? strlen(under) : 0;
  uint64_t at = getenv("TORTURE_AT") ? strtoull(getenv("TORTURE_AT"), nullptr, 10) : 0;
  const char* action = getenv("TORTURE_DO") ? getenv("TORTURE_DO") : "";
  volatile uint64_t* count = nullptr;
  Settings() {
    const char* path = getenv("TORTURE_COUNTER");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void* memory = mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED) count = static_cast<volatile uint64_t*>(memory);
    close(fd);
  }
};

Settings& settings() {
  static Settings one;
  return one;
}

bool inside(const char* path) {
  Settings& s = settings();
  return s.count && s.under && path && strncmp(path, s.under, s.length) == 0;
}

bool insideFd(int fd) {
  if (!settings().count) return false;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = 0;
  return inside(path);
}

Action next(Kind kind) {
  Settings& s = settings();
  uint64_t mine = __atomic_add_fetch(s.count, 1, __ATOMIC_SEQ_CST);
  if (s.at == 0 || mine < s.at) return kNothing;
  if (strcmp(s.action, "enospc") == 0) return kind == kWrite ? kNoSpace : kNothing;
  if (mine != s.at) return kNothing;
  if (kind == kWrite && strcmp(s.action, "tear") == 0) return kTear;
  kill(getpid(), SIGKILL);
  return kKill;
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}
}  // namespace

extern "C" {
ssize_t write(int fd, const void* bytes, size_t size) {
  static auto call = real<ssize_t (*)(int, const void*, size_t)>("write");
  if (insideFd(fd)) switch (next(kWrite)) {
      case kNoSpace: errno = ENOSPC; return -1;
      case kTear: call(fd, bytes, size / 2); kill(getpid(), SIGKILL);
      default: break;
    }
  return call(fd, bytes, size);
}

#define PWRITE(NAME, OFFSET)                                                              \
  ssize_t NAME(int fd, const void* bytes, size_t size, OFFSET at) {                       \
    static auto call = real<ssize_t (*)(int, const void*, size_t, OFFSET)>(#NAME);        \
    if (insideFd(fd)) switch (next(kWrite)) {                                             \
        case kNoSpace: errno = ENOSPC; return -1;                                         \
        case kTear: call(fd, bytes, size / 2, at); kill(getpid(), SIGKILL);               \
        default: break;                                                                   \
      }                                                                                   \
    return call(fd, bytes, size, at);                                                     \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define WRITEV(NAME, PARAMETERS, ARGUMENTS)                                               \
  ssize_t NAME PARAMETERS {                                                               \
    static auto call = real<ssize_t(*) PARAMETERS>(#NAME);                                \
    if (insideFd(fd) && next(kWrite) == kNoSpace) { errno = ENOSPC; return -1; }          \
    return call ARGUMENTS;                                                                \
  }
WRITEV(writev, (int fd, const struct iovec* parts, int count), (fd, parts, count))
WRITEV(pwritev, (int fd, const struct iovec* parts, int count, off_t at), (fd, parts, count, at))
WRITEV(pwritev64, (int fd, const struct iovec* parts, int count, off64_t at), (fd, parts, count, at))

#define OF_FD(NAME, PARAMETERS, ARGUMENTS)                                                \
  int NAME PARAMETERS {                                                                   \
    static auto call = real<int(*) PARAMETERS>(#NAME);                                    \
    if (insideFd(fd)) next(kOther);                                                       \
    return call ARGUMENTS;                                                                \
  }
OF_FD(fsync, (int fd), (fd))
OF_FD(fdatasync, (int fd), (fd))
OF_FD(ftruncate, (int fd, off_t size), (fd, size))
OF_FD(ftruncate64, (int fd, off64_t size), (fd, size))

#define OF_PATH(NAME, PARAMETERS, ARGUMENTS)                                              \
  int NAME PARAMETERS {                                                                   \
    static auto call = real<int(*) PARAMETERS>(#NAME);                                    \
    if (inside(path)) next(kOther);                                                       \
    return call ARGUMENTS;                                                                \
  }
OF_PATH(rename, (const char* path, const char* to), (path, to))
OF_PATH(link, (const char* path, const char* to), (path, to))
OF_PATH(unlink, (const char* path), (path))
OF_PATH(rmdir, (const char* path), (path))
OF_PATH(mkdir, (const char* path, mode_t mode), (path, mode))
}
