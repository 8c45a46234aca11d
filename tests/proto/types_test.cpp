#include "proto/types.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

namespace vedette::proto {
namespace {

const std::string some_id = "9540dbe27b4740028fdec37e31966a0a07a4eb7e";

TEST(Epoch, ComparesAndCounts) {
  EXPECT_LT(Epoch{3}, Epoch{4});
  EXPECT_EQ(next(Epoch{3}), Epoch{4});
  EXPECT_EQ(next(Epoch{3}, 5), Epoch{8});
  EXPECT_EQ(number(max_epoch), 4611686018427387904U);
}

TEST(Epoch, IsRefusedOutsideItsRange) {
  EXPECT_EQ(parse_epoch("0"), Epoch{0});
  EXPECT_EQ(parse_epoch("4611686018427387904"), max_epoch);
  for (const char* text : {"4611686018427387905", "18446744073709551615", "-1", "", " 1", "1 ",
                           "+1", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(parse_epoch(text), std::nullopt) << text;
  }
}

TEST(RunId, IsFortyHexDigits) {
  ASSERT_TRUE(RunId::parse(some_id));
  EXPECT_EQ(RunId::parse(some_id)->text(), some_id);
  EXPECT_FALSE(RunId::parse(""));
  EXPECT_FALSE(RunId::parse("*"));
  EXPECT_FALSE(RunId::parse(some_id.substr(1)));
  EXPECT_FALSE(RunId::parse(some_id + "0"));
  EXPECT_FALSE(RunId::parse("g" + some_id.substr(1)));
  EXPECT_FALSE(RunId::parse(" " + some_id.substr(1)));
}

TEST(RunId, FromTheFileMayBeAnyPrintableText) {
  const std::string odd(40, '~');
  ASSERT_TRUE(RunId::parse_lenient(odd));
  EXPECT_EQ(RunId::parse_lenient(odd)->text(), odd);
  EXPECT_FALSE(RunId::parse(odd));
  EXPECT_FALSE(RunId::parse_lenient(odd + "~"));
  EXPECT_FALSE(RunId::parse_lenient(std::string(39, '~')));
  EXPECT_FALSE(RunId::parse_lenient(std::string(39, '~') + "\n"));
  EXPECT_FALSE(RunId::parse_lenient(std::string(39, '~') + '\0'));
}

TEST(AddressText, PutsBracketsAroundColons) {
  EXPECT_EQ(to_string(Address{"127.0.0.1", 6379}), "127.0.0.1:6379");
  EXPECT_EQ(to_string(Address{"::1", 6379}), "[::1]:6379");
  EXPECT_EQ(to_string(Address{"redis-0.redis", 65535}), "redis-0.redis:65535");
  EXPECT_EQ(to_string(Address{}), ":0");
}

TEST(IpLiteral, IsRecognised) {
  for (const char* text :
       {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "fe80::1", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "2001:DB8::ffff", "::ffff:10.0.0.1",
        "1:2:3:4:5:6:10.0.0.1", "64:ff9b::10.0.0.1", "fe80::1%eth0", "FEBF::1%2"}) {
    EXPECT_TRUE(is_ip_literal(text)) << text;
  }
}

TEST(CanonicalHost, IsOneForEachIpv6Address) {
  for (const auto* text : {"::1", "0:0:0:0:0:0:0:1", "0000::0001", "0::1", "::0:1"}) {
    EXPECT_EQ(canonical_host(text), "::1") << text;
  }
  EXPECT_EQ(canonical_host("2001:DB8:0:0:1::1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(canonical_host("::ffff:10.0.0.1"), "::ffff:10.0.0.1");
  EXPECT_EQ(canonical_host("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_host("Redis-0.Zone"), "Redis-0.Zone");
  EXPECT_EQ(canonical_host("FE80:0::1%lo"), "fe80::1%lo");
  EXPECT_EQ(canonical_host(""), "");
}

// What the system tells of a connection has to be found again.
TEST(CanonicalHost, IsTheFormOfTheSystem) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    in6_addr address{};
    for (std::uint8_t& byte : address.s6_addr) {
      byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    }
    if (random() % 4 == 0) address.s6_addr[10] = address.s6_addr[11] = 0xFF;
    std::array<char, INET6_ADDRSTRLEN> expected{};
    ASSERT_NE(::inet_ntop(AF_INET6, &address, expected.data(), expected.size()), nullptr);
    std::string full;
    for (std::size_t group = 0; group < 16; group += 2) {
      std::array<char, 8> text{};
      std::snprintf(text.data(), text.size(), "%s%x", group == 0 ? "" : ":",
                    address.s6_addr[group] << 8 | address.s6_addr[group + 1]);
      full += text.data();
    }
    EXPECT_EQ(canonical_host(full), expected.data()) << full;
    EXPECT_EQ(canonical_host(expected.data()), expected.data());
  }
}

TEST(IpLiteral, IsNotAnythingElse) {
  for (const char* text : {"",
                           "localhost",
                           "::1%lo",
                           "127.0.0.1%lo",
                           "fe80::1%",
                           "fe80::1%a b",
                           "fe80::1%a%b",
                           "fe80::1%sixteen-letters-",
                           "fec0::1%eth0",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "1.2.3.-1",
                           "01.2.3.4",
                           "1.2.3.4 ",
                           "1..2.3",
                           ".1.2.3",
                           "1.2.3.",
                           ":",
                           ":::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::1",
                           "::1%lo",
                           "[::1]",
                           "1:2:3:4:5:6:7:10.0.0.1",
                           "10.0.0.1::",
                           "::10.0.0",
                           "1:2:3:4:5:6:7::8",
                           ":1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:",
                           "10.0.0.1:1:2:3:4:5:6"}) {
    EXPECT_FALSE(is_ip_literal(text)) << text;
  }
}

TEST(Host, IsPlausible) {
  for (const char* text : {"127.0.0.1", "::1", "redis-0.redis.svc", "b\xC3\xBC\x63her.example"}) {
    EXPECT_TRUE(is_plausible_host(text)) << text;
  }
  EXPECT_TRUE(is_plausible_host(std::string(255, 'a')));
  EXPECT_FALSE(is_plausible_host(std::string(256, 'a')));
  for (const char* text : {"", "a b", "a,b", "a\nb", "a\rb", "a\tb", "a\x7F"}) {
    EXPECT_FALSE(is_plausible_host(text)) << text;
  }
}

TEST(Port, IsOneTo65535) {
  EXPECT_EQ(parse_port("1"), 1);
  EXPECT_EQ(parse_port("65535"), 65535);
  for (const char* text : {"0", "65536", "-1", "", "6379x", "x6379", " 6379", "4294967297"}) {
    EXPECT_EQ(parse_port(text), std::nullopt) << text;
  }
}

TEST(Integer, IsTheWholeText) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_unsigned("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "-", "+", "--1", "+1", "-0", "01", "-01", "1 ", " 1", "1.0", "1e3",
                           "0x10", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_integer(std::string_view{"1\0", 2}), std::nullopt);
  EXPECT_EQ(parse_unsigned("-1"), std::nullopt);
  EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
}

TEST(Case, IsIgnoredForAsciiOnly) {
  EXPECT_TRUE(equals_ignoring_case("SENTINEL", "sentinel"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("PING", "PINGS"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("\xC3\x84", "\xC3\xA4"));
  EXPECT_EQ(to_lower("Get-Master_ADDR@[Z]"), "get-master_addr@[z]");
}

TEST(ControlCharacters, AreFoundWhereverTheyStand) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string{"ab"} + static_cast<char>(byte) + "c";
    EXPECT_EQ(has_control_characters(text), byte < 0x20 || byte == 0x7F) << byte;
  }
}

TEST(RoleWord, IsTheOneOnTheWire) {
  EXPECT_EQ(to_wire(Role::master), "master");
  EXPECT_EQ(to_wire(Role::replica), "slave");
}

}  // namespace
}  // namespace vedette::proto
