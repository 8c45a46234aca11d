#include "agent/links/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using consensus::Instant;
using consensus::LinkId;
using consensus::LinkKind;
using consensus::RequestId;
using testing::HasSubstr;

constexpr LinkId link{7};
constexpr Instant start{std::chrono::seconds{100}};

proto::RunId run_id(char c) { return *proto::RunId::parse(std::string(40, c)); }

proto::Hello hello() {
  return {{"10.0.0.1", 26379}, run_id('a'),    proto::Epoch{5}, "m",
          {"10.0.0.2", 6379},  proto::Epoch{5}};
}

// The words of every command in the bytes, one command a line.
std::string plain(std::string_view bytes) {
  proto::RequestParser parser;
  parser.feed(bytes);
  std::string out;
  while (true) {
    const auto next = parser.next();
    const auto* const request = std::get_if<proto::Request>(&next);
    if (request == nullptr) return out;
    for (const std::string& word : *request) out += word + ' ';
    out.back() = '\n';
  }
}

class ConversationTest : public testing::Test {
 protected:
  Conversation make(LinkKind kind) {
    LinkSpec spec;
    spec.link = link;
    spec.kind = kind;
    spec.my_id = std::string("12345678") + std::string(32, 'f');
    return Conversation(spec);
  }
  // Everything that may be written now, as text.
  std::string write_all(Conversation& c, Instant now = start) {
    std::string out;
    while (true) {
      const std::string bytes(c.output(now, events_));
      if (bytes.empty()) return plain(out);
      out += bytes;
      c.wrote(bytes.size());
    }
  }
  template <typename Event>
  const Event& only() {
    EXPECT_EQ(events_.size(), 1U);
    return std::get<Event>(events_.at(0));
  }
  void expect_refused_ping(Conversation& c, const std::string& reply, consensus::Pong kind,
                           bool loading) {
    events_.clear();
    c.say(consensus::SendPing{link, RequestId{1}});
    write_all(c);
    c.hear(reply, events_);
    const auto& ponged = only<consensus::Ponged>();
    EXPECT_EQ(ponged.kind, kind) << reply;
    EXPECT_EQ(ponged.loading, loading) << reply;
  }
  Conversation::Events events_;
};

TEST_F(ConversationTest, OpeningBytes) {
  Conversation command = make(LinkKind::command);
  command.begin();
  command.say(consensus::SendPing{link, RequestId{1}});
  // One write for all.
  const std::string bytes(command.output(start, events_));
  EXPECT_EQ(plain(bytes), "CLIENT SETNAME sentinel-12345678-cmd\nPING\n");
  Conversation pubsub = make(LinkKind::pubsub);
  pubsub.begin();
  EXPECT_EQ(write_all(pubsub),
            "CLIENT SETNAME sentinel-12345678-pubsub\nSUBSCRIBE __sentinel__:hello\n");
}

TEST_F(ConversationTest, CredentialsAndRenamedCommands) {
  LinkSpec spec;
  spec.link = link;
  spec.kind = LinkKind::command;
  spec.my_id = std::string(40, 'a');
  spec.password = "secret";
  spec.renamed = {{"ping", "MYPING"}, {"auth", "LOGIN"}};
  Conversation with_password(spec);
  with_password.begin();
  with_password.say(consensus::SendPing{link, RequestId{1}});
  EXPECT_EQ(write_all(with_password),
            "LOGIN secret\nCLIENT SETNAME sentinel-aaaaaaaa-cmd\nMYPING\n");
  spec.user = "bob";
  Conversation with_user(spec);
  with_user.begin();
  EXPECT_THAT(write_all(with_user), HasSubstr("LOGIN bob secret\n"));
  spec.password.clear();
  Conversation without(spec);
  without.begin();
  EXPECT_EQ(write_all(without), "CLIENT SETNAME sentinel-aaaaaaaa-cmd\n");
}

TEST_F(ConversationTest, RepliesFindTheirRequests) {
  Conversation c = make(LinkKind::command);
  c.begin();
  c.say(consensus::SendPing{link, RequestId{1}});
  c.say(consensus::SendInfo{link, RequestId{2}});
  c.say(consensus::SendRole{link, RequestId{3}});
  c.say(consensus::PublishHello{link, RequestId{4}, hello()});
  EXPECT_EQ(c.pending(), 5U);
  write_all(c);
  EXPECT_EQ(c.pending(), 5U);
  const std::string replies =
      "-NOAUTH no\r\n+PONG\r\n$20\r\nrole:master\r\nfoo:1\r\n\r\n"
      "*3\r\n$6\r\nmaster\r\n:42\r\n*0\r\n:1\r\n";
  for (const char byte : replies) c.hear({&byte, 1}, events_);
  ASSERT_EQ(events_.size(), 4U);
  EXPECT_EQ(std::get<consensus::Ponged>(events_[0]).request, RequestId{1});
  EXPECT_EQ(std::get<consensus::InfoRead>(events_[1]).info.role, proto::Role::master);
  EXPECT_EQ(std::get<consensus::RoleRead>(events_[2]).role.offset, 42);
  EXPECT_EQ(std::get<consensus::Acknowledged>(events_[3]).request, RequestId{4});
  EXPECT_EQ(c.pending(), 0U);
  EXPECT_EQ(c.broken(), "");
}

TEST_F(ConversationTest, KindsOfPong) {
  Conversation c = make(LinkKind::command);
  using consensus::Pong;
  expect_refused_ping(c, "+PONG\r\n", Pong::valid, false);
  expect_refused_ping(c, "-LOADING Redis is loading\r\n", Pong::valid, true);
  expect_refused_ping(c, "-MASTERDOWN Link with MASTER is down\r\n", Pong::valid, true);
  expect_refused_ping(c, "-BUSY Redis is busy\r\n", Pong::busy, false);
  expect_refused_ping(c, "-NOAUTH Authentication required.\r\n", Pong::refused, false);
  expect_refused_ping(c, ":1\r\n", Pong::refused, false);
}

TEST_F(ConversationTest, ErrorsFailTheirRequest) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::SendInfo{link, RequestId{1}});
  c.say(consensus::SendRole{link, RequestId{2}});
  c.say(consensus::PublishHello{link, RequestId{3}, hello()});
  write_all(c);
  c.hear("-NOPERM x\r\n*1\r\n$8\r\nsentinel\r\n-ERR y\r\n", events_);
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(std::get<consensus::RequestFailed>(events_[0]).error, "INFO: NOPERM x");
  EXPECT_EQ(std::get<consensus::RequestFailed>(events_[1]).request, RequestId{2});
  EXPECT_EQ(std::get<consensus::RequestFailed>(events_[2]).error, "PUBLISH: ERR y");
}

TEST_F(ConversationTest, PeersAreAskedAndIdentified) {
  Conversation c = make(LinkKind::peer);
  c.say(consensus::AskPeer{link, RequestId{1}, {{"10.0.0.2", 6379}, proto::Epoch{3}, run_id('a')}});
  c.say(consensus::Identify{link, RequestId{2}});
  c.say(consensus::Identify{link, RequestId{3}});
  EXPECT_EQ(write_all(c), "SENTINEL is-master-down-by-addr 10.0.0.2 6379 3 " +
                              std::string(40, 'a') + "\nVEDETTE HELLO 1 12345678" +
                              std::string(32, 'f') + "\nSENTINEL MYID\nVEDETTE HELLO 1 12345678" +
                              std::string(32, 'f') + "\nSENTINEL MYID\n");
  c.hear("*3\r\n:1\r\n$40\r\n" + std::string(40, 'b') + "\r\n:3\r\n" +
             "*2\r\n$7\r\nvedette\r\n:1\r\n$40\r\n" + std::string(40, 'c') +
             "\r\n-ERR unknown command\r\n-ERR unknown subcommand\r\n",
         events_);
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(std::get<consensus::PeerAnswered>(events_[0]).reply.voted_for, run_id('b'));
  EXPECT_TRUE(std::get<consensus::PeerIdentified>(events_[1]).vedette);
  EXPECT_EQ(std::get<consensus::PeerIdentified>(events_[1]).id, run_id('c'));
  EXPECT_FALSE(std::get<consensus::PeerIdentified>(events_[2]).vedette);
  EXPECT_FALSE(std::get<consensus::PeerIdentified>(events_[2]).id);
}

TEST_F(ConversationTest, HellosAreHeardAndJunkIsNot) {
  Conversation c = make(LinkKind::pubsub);
  c.begin();
  write_all(c);
  const std::string text = proto::format_hello(hello());
  const auto message = [](const std::string& payload) {
    return "*3\r\n$7\r\nmessage\r\n$18\r\n__sentinel__:hello\r\n$" +
           std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
  };
  c.hear("+OK\r\n*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n", events_);
  c.hear(message("junk") + message(text), events_);
  EXPECT_EQ(only<consensus::HelloHeard>().hello, hello());
  EXPECT_EQ(only<consensus::HelloHeard>().link, link);
  EXPECT_EQ(c.broken(), "");
}

TEST_F(ConversationTest, ARefusedSubscriptionBreaksTheLink) {
  Conversation c = make(LinkKind::pubsub);
  c.begin();
  write_all(c);
  c.hear("-NOAUTH a\r\n-NOAUTH Authentication required.\r\n", events_);
  EXPECT_EQ(c.broken(), "SUBSCRIBE was refused: NOAUTH Authentication required.");
}

TEST_F(ConversationTest, JunkAndUnaskedRepliesBreakTheLink) {
  Conversation junk = make(LinkKind::command);
  junk.say(consensus::SendPing{link, RequestId{1}});
  write_all(junk);
  junk.hear("HTTP/1.1 400 Bad Request\r\n", events_);
  EXPECT_NE(junk.broken(), "");
  Conversation unasked = make(LinkKind::command);
  unasked.hear("+OK\r\n", events_);
  EXPECT_EQ(unasked.broken(), "a reply to no request: OK");
  EXPECT_TRUE(events_.empty());
}

// ---- transactions ------------------------------------------------------------------------------

const std::string queued = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n";

TEST_F(ConversationTest, PromoteAndWhatFollowsIt) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  EXPECT_EQ(write_all(c), "MULTI\nSLAVEOF NO ONE\nPUBLISH __sentinel__:hello " +
                              proto::format_hello(hello()) +
                              "\nCONFIG REWRITE\nCLIENT KILL TYPE normal\nEXEC\nROLE\n");
  c.hear(queued + "*4\r\n+OK\r\n:2\r\n-ERR no config file\r\n:0\r\n", events_);
  EXPECT_TRUE(events_.empty());
  c.hear("*3\r\n$6\r\nmaster\r\n:7\r\n*0\r\n", events_);
  const auto& answer = only<consensus::PromoteAnswered>();
  EXPECT_EQ(answer.request, RequestId{9});
  EXPECT_TRUE(answer.executed);
  EXPECT_EQ(answer.role->role, proto::Role::master);
  EXPECT_EQ(write_all(c), "CLIENT KILL TYPE pubsub\n");
}

TEST_F(ConversationTest, APeerIsAskedForItsConfiguration) {
  Conversation c = make(LinkKind::peer);
  c.say(consensus::AskConfiguration{link, RequestId{1}, "m"});
  c.say(consensus::AskConfiguration{link, RequestId{2}, "other"});
  EXPECT_EQ(write_all(c), "SENTINEL MASTER m\nSENTINEL MASTER other\n");
  c.hear(
      "*6\r\n$2\r\nip\r\n$8\r\n10.0.0.2\r\n$4\r\nport\r\n$4\r\n6379\r\n"
      "$12\r\nconfig-epoch\r\n$1\r\n7\r\n-ERR No such master with that name\r\n",
      events_);
  ASSERT_EQ(events_.size(), 2U);
  const proto::Configuration expected{{"10.0.0.2", 6379}, proto::Epoch{7}};
  EXPECT_EQ(std::get<consensus::ConfigurationTold>(events_[0]).configuration, expected);
  EXPECT_EQ(std::get<consensus::RequestFailed>(events_[1]).request, RequestId{2});
}

TEST_F(ConversationTest, APromoteThatDidNotRun) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  write_all(c);
  c.hear("+OK\r\n-NOPERM slaveof\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT x\r\n-NOPERM r\r\n",
         events_);
  EXPECT_FALSE(only<consensus::PromoteAnswered>().executed);
  EXPECT_EQ(only<consensus::PromoteAnswered>().role, std::nullopt);
  EXPECT_EQ(write_all(c), "");
}

TEST_F(ConversationTest, APromoteIsNotWrittenAfterItsTime) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::SendPing{link, RequestId{1}});
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  c.say(consensus::SendPing{link, RequestId{2}});
  EXPECT_EQ(write_all(c, start + consensus::Duration{1}), "PING\nPING\n");
  EXPECT_EQ(only<consensus::PromoteWithheld>().request, RequestId{9});
  EXPECT_EQ(c.pending(), 2U);
  EXPECT_EQ(c.broken(), "");
}

TEST_F(ConversationTest, APromoteIsRetractedUnlessSomeOfItWasWritten) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::SendPing{link, RequestId{1}});
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  c.say(consensus::SendPing{link, RequestId{2}});
  c.say(consensus::Retract{link, RequestId{8}});
  c.say(consensus::Retract{link, RequestId{9}});
  EXPECT_EQ(write_all(c), "PING\nPING\n");
  EXPECT_EQ(c.pending(), 2U);
  c.say(consensus::Promote{link, RequestId{10}, hello(), start});
  static_cast<void>(c.output(start, events_));
  c.wrote(20);
  c.say(consensus::Retract{link, RequestId{10}});
  EXPECT_NE(write_all(c).find("EXEC"), std::string::npos);
}

TEST_F(ConversationTest, AHalfWrittenPromoteIsAbandonedWithItsConnection) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  EXPECT_FALSE(c.output(start, events_).empty());
  c.wrote(20);
  EXPECT_FALSE(c.output(start, events_).empty());
  EXPECT_TRUE(c.output(start + consensus::Duration{1}, events_).empty());
  EXPECT_NE(c.broken(), "");
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(c.unwritten(), RequestId{9});
}

TEST_F(ConversationTest, APromoteThatNeverLeftIsUnwritten) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::SendPing{link, RequestId{1}});
  EXPECT_EQ(c.unwritten(), std::nullopt);
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  EXPECT_EQ(c.unwritten(), RequestId{9});
}

// It runs as soon as its EXEC is there, whatever becomes of the ROLE behind it.
TEST_F(ConversationTest, APromoteThatLeftWithItsExecMayRunWhereverTheConnectionIsCut) {
  const std::string exec = proto::encode_command({"EXEC"});
  Conversation whole = make(LinkKind::command);
  whole.say(consensus::Promote{link, RequestId{9}, hello(), start});
  const std::string bytes(whole.output(start, events_));
  const std::size_t decisive = bytes.find(exec) + exec.size();
  ASSERT_LT(decisive, bytes.size());
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    Conversation c = make(LinkKind::command);
    c.say(consensus::Promote{link, RequestId{9}, hello(), start});
    ASSERT_EQ(c.output(start, events_), bytes);
    c.wrote(cut);
    EXPECT_EQ(c.unwritten().has_value(), cut < decisive) << cut << " bytes";
  }
}

TEST_F(ConversationTest, WhatIsLeftBehindTheExecIsWrittenAlsoLater) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::Promote{link, RequestId{9}, hello(), start});
  const std::size_t all = c.output(start, events_).size();
  c.wrote(all - 1);
  EXPECT_EQ(c.output(start + consensus::Duration{1}, events_).size(), 1U);
  EXPECT_EQ(c.broken(), "");
}

TEST_F(ConversationTest, Follow) {
  Conversation c = make(LinkKind::command);
  c.say(consensus::Follow{link, RequestId{9}, {"10.0.0.2", 6379}});
  EXPECT_EQ(write_all(c),
            "MULTI\nSLAVEOF 10.0.0.2 6379\nCONFIG REWRITE\nCLIENT KILL TYPE normal\n"
            "CLIENT KILL TYPE pubsub\nEXEC\n");
  c.hear(queued + "*4\r\n+OK\r\n-ERR no config file\r\n:0\r\n:0\r\n", events_);
  EXPECT_EQ(only<consensus::Acknowledged>().request, RequestId{9});
  events_.clear();
  c.say(consensus::Follow{link, RequestId{10}, {"10.0.0.2", 6379}});
  write_all(c);
  c.hear(queued + "*4\r\n-ERR bad\r\n+OK\r\n:0\r\n:0\r\n", events_);
  EXPECT_THAT(only<consensus::RequestFailed>().error, HasSubstr("ERR bad"));
}

TEST_F(ConversationTest, RequestsForAServerThatDoesNotReadAreBounded) {
  Conversation c = make(LinkKind::command);
  for (int i = 0; i < 200000 && c.broken().empty(); ++i) {
    c.say(consensus::SendPing{link, RequestId{1}});
  }
  EXPECT_THAT(c.broken(), HasSubstr("does not read"));
}

}  // namespace
}  // namespace vedette::agent
