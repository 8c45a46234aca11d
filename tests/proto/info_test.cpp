#include "proto/info.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette::proto {
namespace {

using namespace std::chrono_literals;

const std::string master_id = "f6a1c9d0b3e84725a1d09c6e57f2b8430d1e9a7c";
const std::string replica_id = "0b7d4e5f6a8c9b1d2e3f4a5b6c7d8e9f00112233";
const std::string history = "3c5b1f7e9d2a4c6088e1f0a2b3c4d5e6f7a8b9c0";
const std::string old_history = "a0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3";

std::string crlf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string{"\r\n"} : std::string{c};
  return out;
}

const std::string server_part =
    "# Server\nredis_version:7.0.15\nredis_git_sha1:00000000\nredis_git_dirty:0\n"
    "redis_build_id:8b3f0e2c4d6a7b91\nredis_mode:standalone\nos:Linux 6.1.0-18-amd64 x86_64\n"
    "arch_bits:64\nmonotonic_clock:POSIX clock_gettime\nmultiplexing_api:epoll\nprocess_id:4711\n";

const std::string middle_part =
    "tcp_port:6379\nuptime_in_seconds:86500\nconfig_file:/etc/redis/redis.conf\n"
    "io_threads_active:0\n\n# Clients\nconnected_clients:7\nmaxclients:10000\n\n"
    "# Memory\nused_memory:1064072\nused_memory_human:1.01M\nmem_allocator:jemalloc-5.3.0\n\n"
    "# Persistence\nloading:0\nasync_loading:0\nrdb_changes_since_last_save:0\naof_enabled:0\n\n"
    "# Stats\ntotal_connections_received:23\nsync_full:2\nslave_expires_tracked_keys:0\n\n";

const std::string tail_part =
    "\n# CPU\nused_cpu_sys:12.034\n\n# Modules\n\n# Errorstats\nerrorstat_ERR:count=3\n\n"
    "# Cluster\ncluster_enabled:0\n\n# Keyspace\ndb0:keys=12,expires=0,avg_ttl=0\n";

std::string master_info() {
  return crlf(server_part + "run_id:" + master_id + "\n" + middle_part +
              "# Replication\nrole:master\nconnected_slaves:2\n"
              "slave0:ip=10.0.0.2,port=6379,state=online,offset=5482,lag=0\n"
              "slave1:ip=::1,port=6380,state=wait_bgsave,offset=0,lag=1\n"
              "master_failover_state:no-failover\nmaster_replid:" +
              history +
              "\nmaster_replid2:0000000000000000000000000000000000000000\n"
              "master_repl_offset:5482\nsecond_repl_offset:-1\nrepl_backlog_active:1\n"
              "repl_backlog_size:1048576\nrepl_backlog_histlen:5482\n" +
              tail_part);
}

std::string replica_info(const std::string& link) {
  return crlf(server_part + "run_id:" + replica_id + "\n" + middle_part +
              "# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_port:6379\n" + link +
              "slave_read_repl_offset:5496\nslave_repl_offset:5490\nslave_priority:10\n"
              "slave_read_only:1\nreplica_announced:0\nconnected_slaves:0\n"
              "master_failover_state:no-failover\nmaster_replid:" +
              history + "\nmaster_replid2:" + old_history +
              "\nmaster_repl_offset:5490\nsecond_repl_offset:4000\nrepl_backlog_active:1\n" +
              tail_part);
}

TEST(Info, OfAMaster) {
  InfoSnapshot expected;
  expected.run_id = RunId::parse(master_id);
  expected.role = Role::master;
  expected.redis_version = "7.0.15";
  expected.replid = history;
  expected.master_repl_offset = 5482;
  expected.replicas = {Address{"10.0.0.2", 6379}, Address{"::1", 6380}};
  EXPECT_EQ(parse_info(master_info()), expected);
}

TEST(Info, AnIpv6AddressIsReadInItsOneForm) {
  const InfoSnapshot info =
      parse_info("master_host:0:0:0:0:0:0:0:1\r\nslave0:ip=0::2,port=6380\r\n");
  EXPECT_EQ(info.master.host, "::1");
  EXPECT_EQ(info.replicas, (std::vector{Address{"::2", 6380}}));
}

TEST(Info, OfAConnectedReplica) {
  InfoSnapshot expected;
  expected.run_id = RunId::parse(replica_id);
  expected.role = Role::replica;
  expected.redis_version = "7.0.15";
  expected.replid = history;
  expected.replid2 = old_history;
  expected.master_repl_offset = 5490;
  expected.second_repl_offset = 4000;
  expected.master = Address{"10.0.0.1", 6379};
  expected.master_link_up = true;
  expected.priority = 10;
  expected.replica_repl_offset = 5490;
  expected.announced = false;
  EXPECT_EQ(parse_info(replica_info("master_link_status:up\nmaster_last_io_seconds_ago:0\n"
                                    "master_sync_in_progress:0\n")),
            expected);
}

TEST(Info, OfAReplicaWithoutItsMaster) {
  const auto info =
      parse_info(replica_info("master_link_status:down\nmaster_last_io_seconds_ago:-1\n"
                              "master_sync_in_progress:1\nmaster_sync_total_bytes:-1\n"
                              "master_link_down_since_seconds:17\n"));
  EXPECT_FALSE(info.master_link_up);
  EXPECT_TRUE(info.sync_in_progress);
  EXPECT_EQ(info.master_link_down_for, 17s);
}

TEST(Info, LinkDownTimeIsNeverNegativeNorAbsurd) {
  EXPECT_EQ(parse_info("master_link_down_since_seconds:-1\n").master_link_down_for, -1s);
  EXPECT_EQ(parse_info("master_link_down_since_seconds:-2\n").master_link_down_for, 0ms);
  EXPECT_EQ(parse_info("master_link_down_since_seconds:abc\n").master_link_down_for, 0ms);
  const auto longest =
      parse_info("master_link_down_since_seconds:9223372036854775807\n").master_link_down_for;
  EXPECT_GT(longest, std::chrono::hours{24 * 365 * 99});
  EXPECT_LT(longest, std::chrono::hours{24 * 365 * 101});
  for (const char* text : {"master_link_down_since_seconds:5\nmaster_link_status:up\n",
                           "master_link_status:up\nmaster_link_down_since_seconds:5\n"}) {
    EXPECT_EQ(parse_info(text).master_link_down_for, 0ms) << text;
  }
}

TEST(Info, NothingReadLeavesTheDefaults) {
  for (const char* text : {"", "\n", "\r\n\r\n", "# Replication\r\n", "nonsense", ":",
                           "::::", "role:sentinel\n", "run_id:short\n", " role:master\n",
                           "ROLE:master\n", "slave_priority:\n", "slave:ip=10.0.0.1,port=1\n"}) {
    EXPECT_EQ(parse_info(text), InfoSnapshot{}) << text;
  }
}

TEST(Info, LinesMayEndInLineFeedAlone) {
  const auto info = parse_info("role:slave\nmaster_host:m\nmaster_port:1\nslave_priority:0");
  EXPECT_EQ(info.role, Role::replica);
  EXPECT_EQ(info.master, (Address{"m", 1}));
  EXPECT_EQ(info.priority, 0);
}

TEST(Info, LoadingIsEitherKind) {
  EXPECT_TRUE(parse_info("loading:1\nasync_loading:0\n").loading);
  EXPECT_TRUE(parse_info("loading:0\nasync_loading:1\n").loading);
  EXPECT_FALSE(parse_info("loading:0\nasync_loading:0\n").loading);
}

TEST(Info, ReplicaLinesOldAndNew) {
  const auto info = parse_info(
      "slave0:127.0.0.1,6380,online\nslave10:ip=redis-1.redis,port=6381,state=online\n"
      "slave2:state=online,port=6382,ip=10.0.0.9\n");
  EXPECT_EQ(info.replicas, (std::vector<Address>{
                               {"127.0.0.1", 6380}, {"redis-1.redis", 6381}, {"10.0.0.9", 6382}}));
}

TEST(Info, MalformedReplicaLinesAreIgnored) {
  for (const char* line :
       {"slave0:", "slave0:ip=10.0.0.1", "slave0:ip=,port=1", "slave0:ip=a b,port=1",
        "slave0:ip=10.0.0.1,port=0", "slave0:ip=10.0.0.1,port=65536", "slave0:10.0.0.1",
        "slave0:10.0.0.1,", "slave0:,6379", "slavex:ip=10.0.0.1,port=1",
        "slave0x:ip=10.0.0.1,port=1", "slave0:ship=10.0.0.1,sport=1",
        "slave0:ip=10.0.0.1\rx,port=1", "slave0:ip=a\tb,port=1"}) {
    EXPECT_TRUE(parse_info(std::string{line} + "\r\n").replicas.empty()) << line;
  }
}

TEST(Info, MalformedValuesLeaveTheDefaults) {
  const auto info = parse_info(
      "run_id:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\nmaster_replid:abc\nmaster_replid2:xyz\n"
      "master_repl_offset:12x\nsecond_repl_offset:\nslave_priority:99999999999\n"
      "slave_repl_offset:9223372036854775808\nmaster_host:\nmaster_port:99999\n"
      "redis_version:7\x01\n");
  EXPECT_EQ(info, InfoSnapshot{});
}

TEST(Info, OffsetsMayBeLarge) {
  const auto info =
      parse_info("master_repl_offset:9223372036854775807\nslave_repl_offset:4611686018427387905\n");
  EXPECT_EQ(info.master_repl_offset, 9223372036854775807);
  EXPECT_EQ(info.replica_repl_offset, 4611686018427387905);
}

std::optional<RoleSnapshot> role_of(std::string_view bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  const auto value = parser.next();
  EXPECT_TRUE(value) << bytes;
  return value ? parse_role(*value) : std::nullopt;
}

TEST(RoleReply, OfAMaster) {
  const auto role = role_of(
      "*3\r\n$6\r\nmaster\r\n:3129659\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$4\r\n9001\r\n"
      "$7\r\n3129242\r\n");
  EXPECT_EQ(role, (RoleSnapshot{Role::master, 3129659, {}, ""}));
  EXPECT_EQ(role_of("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"), (RoleSnapshot{Role::master, 0, {}, ""}));
}

TEST(RoleReply, OfAReplica) {
  EXPECT_EQ(role_of("*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9000\r\n$9\r\nconnected\r\n"
                    ":3167038\r\n"),
            (RoleSnapshot{Role::replica, 3167038, {"127.0.0.1", 9000}, "connected"}));
  EXPECT_EQ(role_of("*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:9000\r\n$7\r\nconnect\r\n:-1\r\n"),
            (RoleSnapshot{Role::replica, -1, {"m", 9000}, "connect"}));
}

TEST(RoleReply, OtherShapesAreNone) {
  for (const char* bytes :
       {"-ERR unknown command 'ROLE'\r\n", "+master\r\n", "*0\r\n", "*-1\r\n", "*1\r\n:1\r\n",
        "*2\r\n$8\r\nsentinel\r\n*1\r\n$8\r\nmymaster\r\n", "*1\r\n$6\r\nmaster\r\n",
        "*3\r\n$6\r\nmaster\r\n$1\r\n0\r\n*0\r\n", "*3\r\n$6\r\nmaster\r\n:0\r\n:0\r\n",
        "*1\r\n$5\r\nslave\r\n", "*5\r\n$5\r\nslave\r\n$0\r\n\r\n:1\r\n$7\r\nconnect\r\n:0\r\n",
        "*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:0\r\n$7\r\nconnect\r\n:0\r\n",
        "*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:65536\r\n$7\r\nconnect\r\n:0\r\n",
        "*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:1\r\n:1\r\n:0\r\n",
        "*5\r\n$5\r\nslave\r\n$3\r\na\nb\r\n:1\r\n$7\r\nconnect\r\n:0\r\n",
        "*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:1\r\n$7\r\nconnect\r\n$1\r\n0\r\n"}) {
    EXPECT_EQ(role_of(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace vedette::proto
