#include "background.h"

#include <memory>
#include <mutex>
#include <thread>

#include "env.h"
#include "values.h"

namespace me {

struct Job {
  Env* env;
  std::function<void()> work;
  std::function<napi_value()> finish;
  napi_deferred deferred;
  bool failed = false;
  Failure failure;
};

// The way back to the JavaScript thread. Node deletes its function when the environment ends, which a thread may outlive: the
// lock keeps the two apart.
struct Mailbox {
  std::mutex mutex;
  napi_threadsafe_function back = nullptr;
  bool open = true;
};

static void settle(napi_env napi, napi_value, void*, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (!napi) return;  // the environment is ending
  if (!job->failed) {
    try {
      napi_resolve_deferred(napi, job->deferred, job->finish());
      return;
    } catch (...) {
      job->failure = describe_current_exception();
    }
  }
  napi_reject_deferred(napi, job->deferred, make_error(*job->env, job->failure));
}

static void close(void* data) {
  std::unique_ptr<std::shared_ptr<Mailbox>> mailbox(static_cast<std::shared_ptr<Mailbox>*>(data));
  std::lock_guard<std::mutex> lock((*mailbox)->mutex);
  (*mailbox)->open = false;
}

static std::shared_ptr<Mailbox> mailbox_of(Env& env) {
  if (env.mailbox) return env.mailbox;
  auto mailbox = std::make_shared<Mailbox>();
  napi_value name = from_string(env.napi, "libtorch in background");
  napi_create_threadsafe_function(env.napi, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, settle, &mailbox->back);
  napi_unref_threadsafe_function(env.napi, mailbox->back);
  // Hooks run in reverse order: this one before the function's own.
  napi_add_env_cleanup_hook(env.napi, close, new std::shared_ptr<Mailbox>(mailbox));
  env.mailbox = mailbox;
  return mailbox;
}

static void run(std::unique_ptr<Job> job, const std::shared_ptr<Mailbox>& mailbox) {
  try {
    job->work();
  } catch (...) {
    job->failed = true;
    job->failure = describe_current_exception();
  }
  std::lock_guard<std::mutex> lock(mailbox->mutex);
  Job* raw = job.release();
  // At the end of the process nobody listens, and what the job holds goes with it.
  if (mailbox->open) napi_call_threadsafe_function(mailbox->back, raw, napi_tsfn_nonblocking);
}

napi_value in_background(Env& env, std::function<void()> work, std::function<napi_value()> finish) {
  auto job = std::make_unique<Job>();
  job->env = &env;
  job->work = std::move(work);
  job->finish = std::move(finish);
  napi_value promise;
  napi_create_promise(env.napi, &job->deferred, &promise);
  std::thread([job = std::move(job), mailbox = mailbox_of(env)]() mutable { run(std::move(job), mailbox); }).detach();
  return promise;
}

}  // namespace me
