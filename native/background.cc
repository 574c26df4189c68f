#include "background.h"

#include <memory>

#include "env.h"
#include "values.h"

namespace me {

struct Job {
  Env* env;
  std::function<void()> work;
  std::function<napi_value()> finish;
  napi_async_work handle;
  napi_deferred deferred;
  bool failed = false;
  Failure failure;
};

static void run(napi_env, void* data) {
  auto& job = *static_cast<Job*>(data);
  try {
    job.work();
  } catch (...) {
    job.failed = true;
    job.failure = describe_current_exception();
  }
}

static void settle(napi_env napi, napi_status, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  napi_delete_async_work(napi, job->handle);
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

napi_value in_background(Env& env, const std::string& name, std::function<void()> work, std::function<napi_value()> finish) {
  auto job = std::make_unique<Job>();
  job->env = &env;
  job->work = std::move(work);
  job->finish = std::move(finish);
  napi_value promise;
  napi_create_promise(env.napi, &job->deferred, &promise);
  Job* raw = job.release();
  napi_create_async_work(env.napi, nullptr, from_string(env.napi, name), run, settle, raw, &raw->handle);
  napi_queue_async_work(env.napi, raw->handle);
  return promise;
}

}  // namespace me
