// Stands in for Gloo's header of this name. Devices come from ProcessGroupGloo::createDeviceFor…; buffers are only destroyed.
#pragma once

namespace gloo {
namespace transport {

class Device {
 public:
  virtual ~Device() = 0;
};

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer() = 0;
};

}  // namespace transport
}  // namespace gloo
