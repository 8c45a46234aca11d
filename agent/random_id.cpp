#include "agent/random_id.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace vedette::agent {

namespace {

void fill(std::span<unsigned char> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1) return;
  std::fputs("vedette: the system gives no random bytes (RAND_bytes failed)\n", stderr);
  std::abort();
}

}  // namespace

proto::RunId make_run_id() {
  std::array<unsigned char, 20> bytes{};
  fill(bytes);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return proto::RunId::parse(text).value();
}

std::uint64_t make_seed() {
  std::array<unsigned char, 8> bytes{};
  fill(bytes);
  std::uint64_t seed = 0;
  for (const unsigned char byte : bytes) seed = seed << 8U | byte;
  return seed;
}

}  // namespace vedette::agent
