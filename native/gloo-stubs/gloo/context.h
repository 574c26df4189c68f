// Stands in for Gloo's header of this name. A context is made and kept by libtorch; here it is only pointed to.
#pragma once
#include <chrono>

namespace gloo {

class Context {
 public:
  virtual ~Context();
  void setTimeout(std::chrono::milliseconds timeout);
  std::chrono::milliseconds getTimeout() const;
};

}  // namespace gloo
