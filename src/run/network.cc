// SPDX-License-Identifier: MIT
#include "run/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace inknav::run {
namespace {

constexpr int kBacklog = 1024;
constexpr int kProbePort = 9;  // of a datagram socket that sends nothing: any port will do

socklen_t length_of(const sockaddr* address) {
  return address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::string numeric(const sockaddr* address) {
  char text[NI_MAXHOST] = {};
  if (getnameinfo(address, length_of(address), text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0)
    return "";
  return text;
}

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

AddressList look_up(const std::string& name, int port, std::string* problem) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0 && problem != nullptr) *problem = gai_strerror(code);
  return {code == 0 ? found : nullptr, [](addrinfo* list) {
            if (list != nullptr) freeaddrinfo(list);
          }};
}

base::Error peer_error(const std::string& where, const std::string& wanted, const std::string& found) {
  return {base::ErrorCode::kPeer, fmt::format("{}: {} was wanted, found: {}", where, wanted, found)};
}

/// 0 once connected within the time, else an errno.
int finish_connect(int fd, double seconds) {
  pollfd waiting = {fd, POLLOUT, 0};
  const int ready = poll(&waiting, 1, std::max(1, static_cast<int>(seconds * 1000.0)));
  if (ready == 0) return ETIMEDOUT;
  int error = ready < 0 ? errno : 0;
  socklen_t size = sizeof(error);
  if (ready > 0) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

int connect_from(const Socket& socket, const addrinfo& target, const std::string& from, double seconds) {
  if (!from.empty()) {
    const AddressList local = look_up(from, 0, nullptr);
    if (local == nullptr) return EADDRNOTAVAIL;
    if (bind(socket.fd(), local->ai_addr, local->ai_addrlen) != 0) return errno;
  }
  if (connect(socket.fd(), target.ai_addr, target.ai_addrlen) == 0) return 0;
  return errno == EINPROGRESS ? finish_connect(socket.fd(), seconds) : errno;
}

sockaddr_storage near_end(const Socket& socket) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  if (getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    address.ss_family = AF_UNSPEC;
  return address;
}

}  // namespace

std::vector<NetworkInterface> network_interfaces() {
  std::vector<NetworkInterface> interfaces;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return interfaces;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
      if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != family || !(entry->ifa_flags & IFF_UP))
        continue;
      const auto same = [entry](const NetworkInterface& known) { return known.name == entry->ifa_name; };
      if (std::any_of(interfaces.begin(), interfaces.end(), same)) continue;
      interfaces.push_back(
          {entry->ifa_name, numeric(entry->ifa_addr), (entry->ifa_flags & IFF_LOOPBACK) != 0});
    }
  }
  freeifaddrs(list);
  std::sort(interfaces.begin(), interfaces.end(),
            [](const NetworkInterface& a, const NetworkInterface& b) { return a.name < b.name; });
  return interfaces;
}

std::string list_interfaces(const std::vector<NetworkInterface>& interfaces) {
  std::vector<std::string> names;
  for (const NetworkInterface& known : interfaces)
    names.push_back(fmt::format("{} ({})", known.name, known.address));
  return names.empty() ? "none with an address" : fmt::format("{}", fmt::join(names, ", "));
}

base::Result<NetworkInterface> find_interface(const std::string& name) {
  const std::vector<NetworkInterface> interfaces = network_interfaces();
  for (const NetworkInterface& known : interfaces) {
    if (known.name == name) return known;
  }
  return base::Error{base::ErrorCode::kUsage,
                     fmt::format("NETWORK_INTERFACE = {}: a network interface that is up and has an address "
                                 "was wanted; there are: {}",
                                 name, list_interfaces(interfaces))};
}

std::vector<std::string> resolve(const std::string& name) {
  std::vector<std::string> addresses;
  const AddressList found = look_up(name, 0, nullptr);
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next)
    addresses.push_back(numeric(entry->ai_addr));
  return addresses;
}

bool is_loopback(const std::string& address) {
  if (address == "localhost" || address == "::1") return true;
  in_addr parsed = {};
  return inet_pton(AF_INET, address.c_str(), &parsed) == 1 && (ntohl(parsed.s_addr) >> 24) == 127;
}

std::string address_towards(const std::string& address) {
  const AddressList found = look_up(address, kProbePort, nullptr);
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    const Socket probe(socket(entry->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (probe.is_open() && connect(probe.fd(), entry->ai_addr, entry->ai_addrlen) == 0)
      return address_of(probe);
  }
  return "";
}

void Socket::reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

base::Result<Socket> listen_on(const std::string& address, int port) {
  const std::string where = fmt::format("{} port {}", address, port);
  std::string problem;
  const AddressList found = look_up(address, port, &problem);
  if (found == nullptr) return peer_error(where, "an address to listen on", problem);
  Socket listener(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (listener.is_open()) setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (!listener.is_open() || bind(listener.fd(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(listener.fd(), kBacklog) != 0) {
    return peer_error(where, "a port to listen on", std::strerror(errno));
  }
  return listener;
}

base::Result<Socket> connect_to(const std::string& address, int port, const std::string& from,
                                double seconds) {
  std::string problem = "no address";
  const AddressList found = look_up(address, port, &problem);
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    Socket near(socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int error = near.is_open() ? connect_from(near, *entry, from, seconds) : errno;
    if (error != 0) {
      problem = std::strerror(error);
      continue;
    }
    const int on = 1;
    setsockopt(near.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return near;
  }
  return peer_error(fmt::format("{} port {}", address, port), "a connection", problem);
}

int port_of(const Socket& socket) {
  const sockaddr_storage address = near_end(socket);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string address_of(const Socket& socket) {
  const sockaddr_storage address = near_end(socket);
  return address.ss_family == AF_UNSPEC ? "" : numeric(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace inknav::run
