#include "agent/links/links.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "agent/clock.hpp"

namespace vedette::agent {
namespace {

using consensus::LinkId;
using consensus::RequestId;
using testing::HasSubstr;

// A server that does only what the test says, in blocking calls on the test's own thread.
class FakeServer {
 public:
  FakeServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int small = 4096;
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~FakeServer() {
    close_client();
    ::close(listener_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string accept() {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    client_ = ::accept(listener_, reinterpret_cast<sockaddr*>(&from), &size);
    ::fcntl(client_, F_SETFL, O_NONBLOCK);
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
  }
  std::string read() const {
    std::string out;
    char part[65536];
    ssize_t got = 0;
    while ((got = ::read(client_, part, sizeof part)) > 0) {
      out.append(part, static_cast<std::size_t>(got));
    }
    return out;
  }
  void write(const std::string& bytes) const {
    EXPECT_EQ(::write(client_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void close_client() {
    if (client_ >= 0) ::close(client_);
    client_ = -1;
  }
  void stop_listening() { ::close(std::exchange(listener_, -1)); }

 private:
  int listener_;
  int client_ = -1;
  std::uint16_t port_ = 0;
};

class LinksTest : public testing::Test {
 protected:
  LinkSpec spec(consensus::LinkKind kind = consensus::LinkKind::command) {
    LinkSpec out;
    out.link = LinkId{1};
    out.kind = kind;
    out.address = {"127.0.0.1", server_.port()};
    out.my_id = std::string(40, 'a');
    return out;
  }
  // Turns the loop until so many events have come.
  void run_until(std::size_t events) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (events_.size() < events) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "only " << events_.size() << " events";
      turn();
    }
  }
  void turn() {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(1));
  }
  std::string read_from_server() {
    std::string out;
    for (int i = 0; i < 20; ++i) {
      turn();
      out += server_.read();
    }
    return out;
  }
  void connect() {
    links_.connect(spec());
    run_until(1);
    ASSERT_TRUE(std::holds_alternative<consensus::LinkUp>(events_.front()));
    server_.accept();
  }
  template <typename Condition>
  void read_until(std::string& seen, Condition done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "only " << seen.size() << " bytes";
      turn();
      seen += server_.read();
    }
  }
  // So that a server that does not read is noticed after a few kilobytes.
  void shrink_send_buffer() const {
    for (int descriptor = 3; descriptor < 256; ++descriptor) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
      if (ntohs(peer.sin_port) != server_.port()) continue;
      const int small = 4096;
      ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    }
  }
  template <typename Event>
  const Event* last() const {
    return events_.empty() ? nullptr : std::get_if<Event>(&events_.back());
  }

  boost::asio::io_context io_{1};
  FakeServer server_;
  std::vector<consensus::Event> events_;
  consensus::Duration skew_{0};
  Resolver resolver_{io_, [](const std::string&, const std::string&) {},
                     [](const std::string&, const std::string&) {}};
  Links links_{io_, resolver_,
               [this](consensus::Event event) { events_.push_back(std::move(event)); },
               [this] { return boot_now() + skew_; }};
};

TEST_F(LinksTest, ConnectsAndIntroducesItself) {
  links_.connect(spec());
  EXPECT_TRUE(events_.empty());
  run_until(1);
  EXPECT_EQ(std::get<consensus::LinkUp>(events_[0]).local_host, "127.0.0.1");
  EXPECT_EQ(server_.accept(), "127.0.0.1");
  EXPECT_THAT(read_from_server(), HasSubstr("sentinel-aaaaaaaa-cmd"));
}

TEST_F(LinksTest, QuestionsAndAnswers) {
  connect();
  links_.say(consensus::SendPing{LinkId{1}, RequestId{5}});
  EXPECT_EQ(links_.pending(LinkId{1}), 2U);
  links_.flush();
  EXPECT_THAT(read_from_server(), HasSubstr("PING"));
  server_.write("+OK\r\n+PO");
  turn();
  server_.write("NG\r\n");
  run_until(2);
  EXPECT_EQ(std::get<consensus::Ponged>(events_[1]).request, RequestId{5});
  EXPECT_EQ(links_.pending(LinkId{1}), 0U);
  EXPECT_GE(links_.inputs(), 2U);
}

TEST_F(LinksTest, RefusedConnectionsAreToldOnceAndFromTheLoop) {
  server_.stop_listening();
  links_.connect(spec());
  EXPECT_TRUE(events_.empty());
  run_until(1);
  EXPECT_EQ(std::get<consensus::LinkDown>(events_[0]).reason, "Connection refused");
  EXPECT_EQ(links_.count(), 0U);
}

TEST_F(LinksTest, ALostConnectionIsTold) {
  connect();
  server_.close_client();
  run_until(2);
  EXPECT_NE(last<consensus::LinkDown>(), nullptr);
  links_.say(consensus::SendPing{LinkId{1}, RequestId{5}});  // swallowed
  links_.flush();
  EXPECT_EQ(events_.size(), 2U);
}

TEST_F(LinksTest, DisconnectIsQuiet) {
  connect();
  links_.disconnect(LinkId{1});
  links_.disconnect(LinkId{99});
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(LinksTest, JunkClosesTheLink) {
  connect();
  read_from_server();
  server_.write("HTTP/1.1 400 Bad Request\r\n");
  run_until(2);
  EXPECT_NE(last<consensus::LinkDown>(), nullptr);
}

TEST_F(LinksTest, TheSourceAddressIsUsed) {
  LinkSpec from = spec();
  from.source_address = "127.0.0.9";
  links_.connect(from);
  run_until(1);
  EXPECT_EQ(std::get<consensus::LinkUp>(events_[0]).local_host, "127.0.0.9");
  EXPECT_EQ(server_.accept(), "127.0.0.9");
  from.link = LinkId{2};
  from.source_address = "203.0.113.1";
  links_.connect(from);
  run_until(2);
  EXPECT_THAT(std::get<consensus::LinkDown>(events_[1]).reason, HasSubstr("assign"));
}

TEST_F(LinksTest, NamesAreResolved) {
  LinkSpec named = spec();
  named.address.host = "localhost";
  links_.connect(named);
  run_until(1);
  EXPECT_NE(last<consensus::LinkUp>(), nullptr);
  named.link = LinkId{2};
  named.address.host = "no-such-host.invalid";
  links_.connect(named);
  run_until(2);
  EXPECT_THAT(std::get<consensus::LinkDown>(events_[1]).reason,
              HasSubstr("cannot resolve host name 'no-such-host.invalid'"));
}

TEST_F(LinksTest, AFullSocketDelaysRequestsAndTheirOrderStays) {
  connect();
  shrink_send_buffer();
  const std::uint64_t count = 15000;
  for (std::uint64_t n = 1; n <= count; ++n) {
    links_.say(consensus::SendPing{LinkId{1}, RequestId{n}});
    if (n % 100 == 0) links_.flush();
  }
  std::string seen;
  const std::string ping = "*1\r\n$4\r\nPING\r\n";
  read_until(seen, [&] { return seen.size() >= count * ping.size(); });
  std::string answers = "+OK\r\n";
  for (std::uint64_t n = 1; n <= count; ++n) answers += "+PONG\r\n";
  server_.write(answers);
  run_until(1 + count);
  for (std::uint64_t n = 1; n <= count; ++n) {
    ASSERT_EQ(std::get<consensus::Ponged>(events_[n]).request, RequestId{n});
  }
}

// The promotion waits behind a server that does not read; when it could be written its time is
// over.
TEST_F(LinksTest, APromoteStuckBehindAHungServerIsWithheld) {
  connect();
  shrink_send_buffer();
  const proto::RunId id = *proto::RunId::parse(std::string(40, 'a'));
  const proto::Hello hello{{"127.0.0.1", 1}, id,
                           proto::Epoch{1},  std::string(1000, 'x'),
                           {"127.0.0.1", 2}, proto::Epoch{1}};
  for (std::uint64_t n = 1; n <= 800; ++n) {
    links_.say(consensus::PublishHello{LinkId{1}, RequestId{n}, hello});
  }
  links_.flush();
  const RequestId promotion{7777777};
  const auto end = boot_now() + std::chrono::seconds(5);
  links_.say(consensus::Promote{LinkId{1}, promotion, hello, end});
  links_.say(consensus::SendInfo{LinkId{1}, RequestId{801}});
  links_.flush();
  skew_ = std::chrono::seconds(10);
  std::string seen;
  read_until(seen, [&] { return seen.find("INFO") != std::string::npos; });
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(std::get<consensus::PromoteWithheld>(events_[1]).request, promotion);
  EXPECT_EQ(seen.find("SLAVEOF"), std::string::npos);
}

}  // namespace
}  // namespace vedette::agent
