// HTTP over real sockets; what each path answers is in routes_test.cpp.
#include "agent/http/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/agent/fake_agent.hpp"
#include "tests/agent/loop_client.hpp"

namespace vedette::agent::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpTest : public testing::Test {
 protected:
  HttpTest() {
    facade.settings_.http_bind = "127.0.0.1";
    facade.settings_.http_port = next_port();
    http = std::make_unique<HttpServer>(io, facade, server);
    const HttpOutcome outcome = http->listen();
    EXPECT_EQ(outcome.status, HttpOutcome::Status::listening) << outcome.text;
  }
  LoopClient connect() { return LoopClient(io, *facade.settings_.http_port); }
  // The answer to one request on a connection of its own.
  std::string exchange(const std::string& head) {
    LoopClient client = connect();
    client.send(head + "Host: x\r\nConnection: close\r\n\r\n");
    return client.receive_all();
  }

  boost::asio::io_context io{1};
  FakeFacade facade;
  Server server{io, facade};
  std::unique_ptr<HttpServer> http;
};

TEST_F(HttpTest, Get) {
  const std::string answer = exchange("GET /healthz HTTP/1.1\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("\"status\": \"ok\""));
  EXPECT_THAT(exchange("GET /readyz HTTP/1.0\r\n"), StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_THAT(exchange("GET /metrics HTTP/1.1\r\n"), HasSubstr("redis_sentinel_masters 0\n"));
}

TEST_F(HttpTest, HeadHasLengthAndNoBody) {
  const std::string answer = exchange("HEAD /healthz HTTP/1.1\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 21\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpTest, Errors) {
  EXPECT_THAT(exchange("GET /nothing HTTP/1.1\r\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  const std::string post = exchange("POST /healthz HTTP/1.1\r\nContent-Length: 0\r\n");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(exchange("junk\r\n"), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange("GET /healthz HTTP/1.1\r\nContent-Length: 100000\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpTest, ConnectionsAreKeptAndTakeOneRequestAfterTheOther) {
  LoopClient client = connect();
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(request);
  const std::string first = client.receive(100);
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  client.send(request + request);
  EXPECT_EQ(client.receive(2 * first.size()), first + first);
  EXPECT_FALSE(client.closed());
}

TEST_F(HttpTest, WhoeverSendsNothingKeepsNobodyWaiting) {
  LoopClient silent = connect();
  silent.send("GET /hea");
  EXPECT_THAT(exchange("GET /healthz HTTP/1.1\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpTest, WithoutRoomWhoeverHasWaitedLongestForNothingGoes) {
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  LoopClient scraper = connect();
  scraper.send(request);
  const std::string answer = scraper.receive(100);
  std::vector<std::unique_ptr<LoopClient>> silent;
  for (int i = 0; i < 127; ++i) {
    silent.push_back(std::make_unique<LoopClient>(io, *facade.settings_.http_port));
    silent.back()->receive_nothing();
  }
  EXPECT_THAT(exchange("GET /healthz HTTP/1.1\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  silent[0]->receive_nothing();
  silent[1]->receive_nothing();
  EXPECT_TRUE(silent[0]->closed());
  EXPECT_FALSE(silent[1]->closed());
  scraper.send(request);
  EXPECT_EQ(scraper.receive(answer.size()), answer) << "who was answered before stays longer";
}

TEST_F(HttpTest, ATakenPort) {
  HttpServer second(io, facade, server);
  const HttpOutcome soft = second.listen();
  EXPECT_EQ(soft.status, HttpOutcome::Status::unavailable);
  EXPECT_THAT(soft.text, HasSubstr("Could not listen for HTTP on 127.0.0.1:"));
  EXPECT_THAT(soft.text, HasSubstr("Address already in use"));
  facade.settings_.http_is_configured = true;
  HttpServer third(io, facade, server);
  EXPECT_EQ(third.listen().status, HttpOutcome::Status::failed);
  facade.settings_.http_port = 0;
  HttpServer fourth(io, facade, server);
  EXPECT_EQ(fourth.listen().status, HttpOutcome::Status::none);
}

TEST_F(HttpTest, StopWithOpenConnections) {
  LoopClient client = connect();
  client.send("GET /hea");
  client.receive_nothing();
  http->stop();
  client.receive_all();
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace vedette::agent::test
