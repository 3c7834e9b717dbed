// SPDX-License-Identifier: MIT
// What ranks tell NCCL of the network. Sums and lost peers are in run's and ppo's tests.
#include "learn/ranks.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace inknav::learn {
namespace {

TEST(NcclSockets, AreOnTheInterfaceOfTheMeeting) {
  run::RankInfo info;
  info.is_one_machine = true;
  EXPECT_EQ(nccl_sockets(info, ""), "=lo");
  EXPECT_EQ(nccl_sockets(info, "eth0"), "=lo") << "a named one is for several machines";
  info.is_one_machine = false;
  EXPECT_EQ(nccl_sockets(info, "eth0"), "=eth0");
  ASSERT_EQ(::setenv("GLOO_SOCKET_IFNAME", "ib0", 1), 0);
  EXPECT_EQ(nccl_sockets(info, ""), "=ib0");
  EXPECT_EQ(nccl_sockets(info, "eth0"), "=eth0") << "the key goes before the variable";
  ::unsetenv("GLOO_SOCKET_IFNAME");
}

}  // namespace
}  // namespace inknav::learn
