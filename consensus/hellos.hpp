// Publishing and hearing hello messages: how agents find each other and learn newer configurations.
#pragma once

#include <string>

#include "consensus/event.hpp"
#include "consensus/turn.hpp"
#include "proto/hello.hpp"

namespace vedette::consensus {

inline constexpr Duration hello_retry_period = milliseconds{200};  // after an error reply
inline constexpr Duration hello_validity = std::chrono::seconds{5};

// Epochs in it are the durable ones: a hello is a promise as much as a vote is.
proto::Hello make_hello(const State& state, const Group& group, const std::string& local_host);

// The hello of an agent that is known at its address, or is to be from now on.
void take_hello(Turn& turn, Group& group, const proto::Hello& hello);
void on_hello_heard(Turn& turn, const HelloHeard& event);
// Published so lately that it still counts.
bool is_fresh(const Turn& turn, const PeerView::Published& published);
// The publish to a peer was answered.
void hello_answered(Turn& turn, const proto::RunId& peer, RequestId request, bool accepted);

// To every node and peer, now.
void publish_everywhere(Turn& turn, Group& group);
// Sends what is due to the group's peers.
void tend_hellos(Turn& turn, Group& group);
Instant hellos_due(const State& state, const Group& group);

// Whether a majority, this agent included, published our address and config epoch in the last 5 s,
// and has been heard without a gap since.
bool configuration_is_confirmed(const Turn& turn, const Group& group);

}  // namespace vedette::consensus
