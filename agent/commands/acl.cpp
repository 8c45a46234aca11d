// As long as there is only the user `default`, this is all that can be said about users.
#include "agent/commands/handlers.hpp"

namespace vedette::agent::commands {

void acl_whoami(Call& call) { call.reply().bulk(call.client.user); }

void acl_users(Call& call) {
  proto::ReplyWriter reply = call.reply();
  reply.array(1);
  reply.bulk("default");
}

}  // namespace vedette::agent::commands
