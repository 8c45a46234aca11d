#include "agent/random_id.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "agent/hex.hpp"

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
  return proto::RunId::parse(to_hex(bytes)).value();
}

std::string random_hex(std::size_t digits) {
  std::vector<unsigned char> bytes((digits + 1) / 2);
  fill(bytes);
  return to_hex(bytes).substr(0, digits);
}

std::uint64_t make_seed() {
  std::array<unsigned char, 8> bytes{};
  fill(bytes);
  std::uint64_t seed = 0;
  for (const unsigned char byte : bytes) seed = seed << 8U | byte;
  return seed;
}

}  // namespace vedette::agent
