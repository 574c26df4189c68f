// A second signal ends the process at once, also while a call computes and no JavaScript runs.
#include <signal.h>
#include <time.h>

#include "env.h"
#include "values.h"

namespace me {

static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
static constexpr int kCount = 3;
// npm and shells pass on a Ctrl-C that the terminal has sent to every process already: that is one signal, not two.
static constexpr int64_t kSameNs = 300'000'000;

static struct sigaction forwarded[kCount];
static volatile sig_atomic_t heard = 0;
static volatile int64_t heard_at = 0;

static int64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

static void forward(const struct sigaction& to, int number, siginfo_t* info, void* context) {
  if (to.sa_flags & SA_SIGINFO) to.sa_sigaction(number, info, context);
  else if (to.sa_handler != SIG_DFL && to.sa_handler != SIG_IGN) to.sa_handler(number);
}

// Only what may be called in a signal handler.
static void hear(int number, siginfo_t* info, void* context) {
  if (heard) {
    if (now_ns() - heard_at < kSameNs) return;
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    sigaction(number, &plain, nullptr);
    // Blocked while this handler runs: it ends the process when the handler returns.
    raise(number);
    return;
  }
  heard = 1;
  heard_at = now_ns();
  for (int i = 0; i < kCount; ++i)
    if (kSignals[i] == number) forward(forwarded[i], number, info, context);
}

// endOnSecondSignal(): of the signals that JavaScript listens to by now, the first goes on to it, the next one ends the
// process as if nobody listened. Removing the listeners restores the default.
static napi_value end_on_second_signal(Env& env, size_t, napi_value*) {
  heard = 0;
  for (int i = 0; i < kCount; ++i) {
    struct sigaction current;
    if (sigaction(kSignals[i], nullptr, &current) != 0) continue;
    bool ours = (current.sa_flags & SA_SIGINFO) && current.sa_sigaction == hear;
    bool listened = (current.sa_flags & SA_SIGINFO) || (current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN);
    if (ours || !listened) continue;
    forwarded[i] = current;
    struct sigaction next = {};
    next.sa_sigaction = hear;
    next.sa_mask = current.sa_mask;
    next.sa_flags = current.sa_flags | SA_SIGINFO;
    sigaction(kSignals[i], &next, nullptr);
  }
  return undefined(env.napi);
}

void define_signals(Env& env, napi_value exports) { define(env, exports, "endOnSecondSignal", end_on_second_signal); }

}  // namespace me
