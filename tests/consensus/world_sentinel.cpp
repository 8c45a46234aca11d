// Real Sentinels of the small world: voters and publishers, never candidates.
#include <algorithm>

#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {

Agent& World::add_sentinel(const proto::Address& master) {
  Agent& agent = add_agent({}, "mymaster", master);
  agent.core.reset();
  ++agent.life;
  agent.sentinel = Sentinel{{}, {}, master, {}, false};
  sentinel_publish(agent);
  return agent;
}

void World::sentinel_publish(Agent& agent) {
  at(now_ + 2s, [this, &agent] { sentinel_publish(agent); });
  if (!agent.alive || agent.stopped || agent.sentinel->quiet) return;
  const Sentinel& me = *agent.sentinel;
  const proto::Hello hello{agent.address, agent.id,  me.current_epoch,
                           "mymaster",    me.master, me.config_epoch};
  for (auto& each : agents_) {
    const bool hears = each->core && reachable(each->address.host, agent.address.host);
    if (hears) later(*each, hop, HelloHeard{std::nullopt, hello});
  }
}

void World::sentinel_step(Agent& agent, const Event& event) {
  Sentinel& me = *agent.sentinel;
  if (const auto* told = std::get_if<HelloHeard>(&event)) {
    me.current_epoch = std::max(me.current_epoch, told->hello.current_epoch);
    if (told->hello.config_epoch > me.config_epoch) {
      me.config_epoch = told->hello.config_epoch;
      me.master = told->hello.master;
    }
  }
  const auto* asked = std::get_if<VoteAsked>(&event);
  if (asked == nullptr) return;
  const proto::DownQuery& query = asked->query;
  proto::DownReply reply;
  if (query.master == me.master) {
    const Server& server = *servers_.at(me.master.host);
    reply.down = !server.alive || server.paused;
    if (query.candidate) {
      me.current_epoch = std::max(me.current_epoch, query.epoch);
      if (me.vote.epoch < query.epoch && me.current_epoch <= query.epoch) {
        me.vote = Vote{query.epoch, query.candidate};
      }
      reply.voted_for = me.vote.voted_for;
      reply.epoch = me.vote.epoch;
    }
  }
  execute(agent, {ReplyVote{asked->ticket, reply}});
}

}  // namespace vedette::consensus::testing
