// SPDX-License-Identifier: MIT
#include "run/network.h"

#include <gtest/gtest.h>

namespace inknav::run {
namespace {

TEST(Network, LoopbackIsKnownByNameAndNumber) {
  for (const char* address : {"127.0.0.1", "127.3.4.5", "localhost", "::1"})
    EXPECT_TRUE(is_loopback(address)) << address;
  for (const char* address : {"10.0.0.1", "0.0.0.0", "::", "localhost.example.org", "", "128.0.0.1"})
    EXPECT_FALSE(is_loopback(address)) << address;
}

TEST(Network, AnInterfaceThatIsNotThereIsUsageAndNamesThoseThatAre) {
  const auto there = network_interfaces();
  ASSERT_FALSE(there.empty());
  for (const NetworkInterface& known : there) {
    const auto found = find_interface(known.name);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->address, known.address);
  }
  const auto absent = find_interface("nosuch0");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(
      absent.error().message,
      "NETWORK_INTERFACE = nosuch0: a network interface that is up and has an address was wanted; there "
      "are: " +
          list_interfaces(there));
  EXPECT_EQ(list_interfaces({{"eth0", "10.0.0.1", false}, {"lo", "127.0.0.1", true}}),
            "eth0 (10.0.0.1), lo (127.0.0.1)");
  EXPECT_EQ(list_interfaces({}), "none with an address");
}

TEST(Network, AListenerIsBoundToItsAddressAndMeetsWhoConnects) {
  auto listener = listen_on("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(address_of(*listener), "127.0.0.1");
  EXPECT_GT(port_of(*listener), 1023);
  const auto again = listen_on("127.0.0.1", port_of(*listener));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, base::ErrorCode::kPeer);
  EXPECT_NE(again.error().message.find("Address already in use"), std::string::npos) << again.error().message;
  const auto near = connect_to("localhost", port_of(*listener), "127.0.0.2", 5.0);
  ASSERT_TRUE(near.ok()) << near.error().message;
  EXPECT_EQ(address_of(*near), "127.0.0.2");
  const int port = port_of(*listener);
  listener->reset();
  const auto refused = connect_to("127.0.0.1", port, "", 5.0);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Connection refused"), std::string::npos) << refused.error().message;
}

TEST(Network, NamesThatNobodyKnowsAreErrors) {
  EXPECT_FALSE(listen_on("no host of this name.invalid", 0).ok());
  EXPECT_FALSE(connect_to("no host of this name.invalid", 1, "", 1.0).ok());
  EXPECT_TRUE(resolve("no host of this name.invalid").empty());
  EXPECT_FALSE(listen_on("203.0.113.7", 0).ok()) << "an address of another machine";
  EXPECT_EQ(address_towards("127.0.0.1"), "127.0.0.1");
}

}  // namespace
}  // namespace inknav::run
