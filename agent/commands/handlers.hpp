// Every handler of the command table. The arity was checked; everything else is the handler's.
#pragma once

#include "agent/commands/call.hpp"

namespace vedette::agent::commands {

// general.cpp
void ping(Call& call);
void role(Call& call);
void shutdown(Call& call);
void help(Call& call);  // of the container that the call belongs to
void vedette_hello(Call& call);

// connection.cpp
void hello(Call& call);
void auth(Call& call);
void quit(Call& call);
void reset(Call& call);

// client.cpp
void client_id(Call& call);
void client_getname(Call& call);
void client_setname(Call& call);
void client_setinfo(Call& call);
void client_reply(Call& call);
void client_pause(Call& call);
void client_unpause(Call& call);
void client_unblock(Call& call);
void client_switch(Call& call);  // NO-EVICT, NO-TOUCH
void client_getredir(Call& call);
void client_tracking(Call& call);
void client_caching(Call& call);
void client_trackinginfo(Call& call);

// client_list.cpp
void client_info(Call& call);
void client_list(Call& call);
void client_kill(Call& call);

// info.cpp
void info(Call& call);

// pubsub.cpp
void subscribe(Call& call);
void psubscribe(Call& call);
void unsubscribe(Call& call);
void punsubscribe(Call& call);
void publish(Call& call);

// command_docs.cpp
void command(Call& call);
void command_count(Call& call);
void command_docs(Call& call);
void command_getkeys(Call& call);
void command_info(Call& call);
void command_list(Call& call);

// acl.cpp
void acl_cat(Call& call);
void acl_deluser(Call& call);
void acl_dryrun(Call& call);
void acl_genpass(Call& call);
void acl_getuser(Call& call);
void acl_list(Call& call);
void acl_load(Call& call);
void acl_log(Call& call);
void acl_save(Call& call);
void acl_setuser(Call& call);
void acl_users(Call& call);
void acl_whoami(Call& call);

// sentinel_query.cpp
void sentinel_masters(Call& call);
void sentinel_master(Call& call);
void sentinel_replicas(Call& call);
void sentinel_sentinels(Call& call);
void sentinel_get_master_addr(Call& call);
void sentinel_is_master_down(Call& call);
void sentinel_ckquorum(Call& call);
void sentinel_myid(Call& call);
void sentinel_info_cache(Call& call);
void sentinel_pending_scripts(Call& call);

// sentinel_change.cpp
void sentinel_monitor(Call& call);
void sentinel_remove(Call& call);
void sentinel_reset(Call& call);
void sentinel_failover(Call& call);
void sentinel_flushconfig(Call& call);

// sentinel_set.cpp
void sentinel_set(Call& call);

// sentinel_config.cpp
void sentinel_config(Call& call);

// sentinel_debug.cpp
void sentinel_debug(Call& call);
void sentinel_simulate_failure(Call& call);

}  // namespace vedette::agent::commands
