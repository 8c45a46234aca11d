// A newer configuration that others publish: what proves it, and taking it over. The one place
// where another agent's word moves our master. Rule: README.md, Adoption.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"
#include "proto/hello.hpp"

namespace vedette::consensus {

// What the peer publishes for the group now. It may be taken at once; else its proof is looked for.
void hear_configuration(Turn& turn, Group& group, const Peer& peer, const proto::Hello& hello);
// Something that may prove what is published has changed: a node that says that it is a master.
void weigh_configurations(Turn& turn, Group& group);
// The peer repeats its configuration on our own connection, or will not.
void on_configuration_told(Turn& turn, const ConfigurationTold& event);

// The highest config epoch that anybody publishes now, proven or not; ours if that is higher.
proto::Epoch newest_config_epoch(const Turn& turn, const Group& group);
// Newer than ours, or as new and different.
bool is_rival(const Group& group, const PeerView::Published& published);

// Its node says that it is a replica. One that is merely out of our reach may be the true master.
bool is_void(const Group& group, const PeerView::Published& published);

// No failover before: somebody publishes a newer configuration, and its proof may still come.
Instant proof_awaited_until(const Turn& turn, const Group& group);

// Somebody publishes another master in a newer configuration, and nothing has shown it to be false:
// proven or not, nobody is demoted in favour of ours.
bool may_be_superseded(const Turn& turn, const Group& group);

}  // namespace vedette::consensus
