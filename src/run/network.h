// SPDX-License-Identifier: MIT
#pragma once
// The network as ranks need it: the interfaces of this machine, and TCP sockets that are bound to one
// address.
//
// A listener is bound to exactly the address it is given, so what listens on 127.0.0.1 cannot be reached from
// another machine. Addresses are numeric ("10.0.0.1", "fe80::1%eth0") or names, IPv4 or IPv6.
// Errors: kUsage for an interface that is not there, kPeer for sockets. Threads: values, no shared state.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace inknav::run {

struct NetworkInterface {
  std::string name;
  std::string address;  // numeric
  bool is_loopback = false;
};
/// Those that are up and have an address; of each interface the IPv4 address, else the first other one.
std::vector<NetworkInterface> network_interfaces();
/// kUsage for a name that is not there: says which are.
base::Result<NetworkInterface> find_interface(const std::string& name);
/// "eth0 (10.0.0.1), lo (127.0.0.1)"
std::string list_interfaces(const std::vector<NetworkInterface>& interfaces);

/// Whether the address or name is of this machine alone: 127.0.0.0/8, ::1, localhost.
bool is_loopback(const std::string& address);
/// Numeric addresses that a name stands for; empty when it cannot be resolved.
std::vector<std::string> resolve(const std::string& name);
/// The address from which this machine would reach `address`; "" when there is no way to it.
std::string address_towards(const std::string& address);

/// A file descriptor of a socket, closed at the end.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() { reset(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// The caller closes it.
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_;
};

/// Listens on this address only; port 0: any free one. Not blocking, not inherited.
base::Result<Socket> listen_on(const std::string& address, int port);
/// Connects from `from` ("": whatever the system takes) within so many seconds. Not blocking, not inherited.
base::Result<Socket> connect_to(const std::string& address, int port, const std::string& from,
                                double seconds);
/// Of the near end.
int port_of(const Socket& socket);
std::string address_of(const Socket& socket);

}  // namespace inknav::run
