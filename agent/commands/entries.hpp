// The field lists by which SENTINEL describes masters, replicas and other agents.
// Reference: sentinel-protocol.md section 4.
#pragma once

#include "agent/facade.hpp"
#include "consensus/state.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

// All ask for one entry: a map of bulk strings.
void write_master(proto::ReplyWriter& reply, const Facade& facade, const consensus::Group& group);
void write_replica(proto::ReplyWriter& reply, const Facade& facade, const consensus::Group& group,
                   const consensus::Node& replica);
void write_peer(proto::ReplyWriter& reply, const Facade& facade, const consensus::Group& group,
                const consensus::Peer& peer, const consensus::PeerView& view);

}  // namespace vedette::agent
