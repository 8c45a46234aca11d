// Bringing nodes that contradict the configuration back into line: an old master that returns, a
// replica that follows the wrong address. Rules: README.md, Demotion.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

void on_info_read(Turn& turn, const InfoRead& event);
void on_role_read(Turn& turn, const RoleRead& event);

// Judges every node of the group whose role or master is not what the configuration says.
void reconcile(Turn& turn, Group& group);
Instant reconcile_due(const Turn& turn, const Group& group);

}  // namespace vedette::consensus
