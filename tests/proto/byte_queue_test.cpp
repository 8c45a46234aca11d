#include "proto/byte_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette::proto {
namespace {

TEST(ByteQueue, KeepsTheOrderOverManyConsumes) {
  ByteQueue queue;
  std::string seen;
  std::string sent;
  for (int round = 0; round < 1000; ++round) {
    const std::string piece = std::to_string(round) + ";";
    sent += piece;
    queue.append(piece);
    const std::size_t taken = queue.size() * static_cast<std::size_t>(round % 4) / 3;
    seen += queue.view().substr(0, taken);
    queue.consume(taken);
  }
  seen += queue.view();
  EXPECT_EQ(seen, sent);
}

TEST(ByteQueue, FindRemembersAndForgetsRightly) {
  ByteQueue queue;
  queue.append("abc");
  EXPECT_EQ(queue.find('\n'), ByteQueue::npos);
  queue.append("\ndef\n");
  EXPECT_EQ(queue.find('\n'), 3U);
  EXPECT_EQ(queue.find('\n'), 3U);
  EXPECT_EQ(queue.find('a'), 0U) << "another byte is sought from the start";
  EXPECT_EQ(queue.find('f'), 6U);
  queue.consume(4);
  EXPECT_EQ(queue.find('\n'), 3U);
  queue.consume(99);
  EXPECT_TRUE(queue.empty());
  queue.append("\n");
  EXPECT_EQ(queue.find('\n'), 0U);
}

TEST(ByteQueue, GivesBigMemoryBackWhenItRunsEmpty) {
  ByteQueue queue;
  queue.append(std::string(std::size_t{1} << 20, 'x'));
  queue.consume(std::size_t{1} << 20);
  EXPECT_TRUE(queue.empty());
  queue.append("y");
  EXPECT_EQ(queue.view(), "y");
}

}  // namespace
}  // namespace vedette::proto
