#include "agent/commands/table.hpp"

#include <iterator>

#include "agent/commands/handlers.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace {

namespace c = commands;

constexpr unsigned admin = flag_admin;
constexpr unsigned hidden = flag_hidden;
constexpr unsigned valkey = flag_hidden | flag_valkey;
constexpr unsigned quiet = flag_noscript | flag_loading | flag_stale;
constexpr unsigned lookup = flag_loading | flag_stale;
constexpr unsigned session = quiet | flag_fast | flag_no_auth | flag_allow_busy;
constexpr unsigned pubsub = flag_pubsub | quiet | flag_subscriber;

constexpr unsigned none = 0;
constexpr unsigned powers = category_admin | category_dangerous;
constexpr unsigned conn = category_connection;

constexpr CommandSpec acl_commands[] = {
    {"cat", -2, quiet, none, c::acl_cat, "[<category>]", "Lists categories."},
    {"deluser", -3, admin | quiet, powers, c::acl_deluser, "<user> ...", "Deletes users."},
    {"dryrun", -4, admin | quiet, powers, c::acl_dryrun, "<user> <command> [<arg> ...]",
     "Tells whether a user may run a command."},
    {"genpass", -2, quiet, none, c::acl_genpass, "[<bits>]", "Makes up a password."},
    {"getuser", 3, admin | quiet, powers, c::acl_getuser, "<user>", "Shows the rules of a user."},
    {"help", 2, lookup, none, c::help, "", "Shows this text."},
    {"list", 2, admin | quiet, powers, c::acl_list, "", "Shows all users as rules."},
    {"load", 2, admin | quiet, powers, c::acl_load, "", "Reads the users' file again."},
    {"log", -2, admin | quiet, powers, c::acl_log, "[<count>|RESET]", "Shows refusals."},
    {"save", 2, admin | quiet, powers, c::acl_save, "", "Writes the users' file."},
    {"setuser", -3, admin | quiet, powers, c::acl_setuser, "<user> [<rule> ...]",
     "Creates or changes a user."},
    {"users", 2, admin | quiet, powers, c::acl_users, "", "Lists the names of all users."},
    {"whoami", 2, quiet, none, c::acl_whoami, "", "Names the user of this connection."},
};

constexpr CommandSpec client_commands[] = {
    {"caching", 3, quiet, conn, c::client_caching, "YES|NO",
     "Has no use here: there are no keys to track."},
    {"getname", 2, quiet, conn, c::client_getname, "", "Shows the name of this connection."},
    {"getredir", 2, quiet, conn, c::client_getredir, "", "Shows where tracking redirects to."},
    {"help", 2, lookup, conn, c::help, "", "Shows this text."},
    {"id", 2, quiet, conn, c::client_id, "", "Shows the number of this connection."},
    {"info", 2, quiet, conn, c::client_info, "", "Describes this connection."},
    {"kill", -3, admin | quiet, powers | conn, c::client_kill, "<ip:port>|<filter> <value> ...",
     "Closes connections: ID, TYPE, USER, ADDR, LADDR, SKIPME (yes|no)."},
    {"list", -2, admin | quiet, powers | conn, c::client_list, "[TYPE <type>] [ID <id> ...]",
     "Describes all connections, or those chosen."},
    {"no-evict", 3, admin | quiet, powers | conn, c::client_switch, "ON|OFF",
     "Is accepted; nobody is evicted here."},
    {"pause", -3, admin | quiet, powers | conn, c::client_pause, "<milliseconds> [WRITE|ALL]",
     "Is accepted; an agent never stops answering."},
    {"reply", 3, quiet, conn, c::client_reply, "ON|OFF|SKIP", "Chooses which replies are sent."},
    {"setname", 3, quiet, conn, c::client_setname, "<name>", "Names this connection."},
    {"tracking", -3, quiet, conn, c::client_tracking, "ON|OFF [<option> ...]",
     "Is accepted; there are no keys to track."},
    {"trackinginfo", 2, quiet, conn, c::client_trackinginfo, "", "Shows the state of tracking."},
    {"unblock", -3, admin | quiet, powers | conn, c::client_unblock, "<id> [TIMEOUT|ERROR]",
     "Nothing blocks here, so this frees nobody."},
    {"unpause", 2, admin | quiet, powers | conn, c::client_unpause, "", "Ends a pause."},
    {"no-touch", 3, quiet | hidden, conn, c::client_switch, "ON|OFF", "Is accepted."},
    {"setinfo", 4, quiet | valkey, conn, c::client_setinfo, "LIB-NAME|LIB-VER <value>",
     "Remembers which client library this is."},
};

constexpr CommandSpec command_commands[] = {
    {"count", 2, lookup, conn, c::command_count, "", "Counts the commands."},
    {"docs", -2, lookup, conn, c::command_docs, "[<command> ...]", "Describes commands."},
    {"getkeys", -4, lookup, conn, c::command_getkeys, "<command> [<arg> ...]", "Finds its keys."},
    {"getkeysandflags", -4, lookup, conn, c::command_getkeys, "<command> [<arg> ...]",
     "Finds its keys and their use."},
    {"help", 2, lookup, conn, c::help, "", "Shows this text."},
    {"info", -2, lookup, conn, c::command_info, "[<command> ...]", "Shows arity and flags."},
    {"list", -2, lookup, conn, c::command_list, "[FILTERBY MODULE|ACLCAT|PATTERN <value>]",
     "Lists the names of commands."},
};

constexpr CommandSpec sentinel_commands[] = {
    {"ckquorum", 3, admin, powers, c::sentinel_ckquorum, "<master>",
     "Tells whether enough agents are up to agree and to elect a leader."},
    {"config", -3, admin, powers, c::sentinel_config, "GET <pattern> | SET <option> <value>",
     "Shows or changes settings of the whole process.", nullptr, 0, -4},
    {"debug", -2, admin, powers, c::sentinel_debug, "[<name> <milliseconds> ...]",
     "Shows or changes internal periods, until the next start."},
    {"failover", 3, admin, powers, c::sentinel_failover, "<master>",
     "Makes a replica the master although the master is not down."},
    {"flushconfig", 2, admin, powers, c::sentinel_flushconfig, "", "Writes the file now."},
    {"get-master-addr-by-name", 3, admin, powers, c::sentinel_get_master_addr, "<master>",
     "Shows the address of the master."},
    {"help", 2, lookup, none, c::help, "", "Shows this text."},
    {"info-cache", -3, admin, powers, c::sentinel_info_cache, "<master> [<master> ...]",
     "Shows the last INFO of every node."},
    {"is-master-down-by-addr", 6, admin, powers, c::sentinel_is_master_down,
     "<ip> <port> <epoch> <id>", "Asks for an opinion and a vote; sent by other agents."},
    {"master", 3, admin, powers, c::sentinel_master, "<master>", "Describes one master."},
    {"masters", 2, admin, powers, c::sentinel_masters, "", "Describes all masters."},
    {"monitor", 6, admin, powers, c::sentinel_monitor, "<master> <ip> <port> <quorum>",
     "Watches another master."},
    {"myid", 2, admin, powers, c::sentinel_myid, "", "Shows the id of this agent."},
    {"pending-scripts", 2, admin, powers, c::sentinel_pending_scripts, "",
     "Lists scripts still to run."},
    {"remove", 3, admin, powers, c::sentinel_remove, "<master>", "Stops watching a master."},
    {"replicas", 3, admin, powers, c::sentinel_replicas, "<master>", "Describes its replicas."},
    {"reset", 3, admin, powers, c::sentinel_reset, "<pattern>",
     "Forgets replicas, agents and states of the masters that match."},
    {"sentinels", 3, admin, powers, c::sentinel_sentinels, "<master>",
     "Describes the other agents that watch it."},
    {"set", -5, admin, powers, c::sentinel_set, "<master> <option> <value> ...",
     "Changes options of a master."},
    {"simulate-failure", -3, admin, powers, c::sentinel_simulate_failure, "<flag> ...",
     "Makes the agent crash at a chosen moment."},
    {"slaves", 3, admin, powers, c::sentinel_replicas, "<master>", "The old word for REPLICAS."},
    {"get-primary-addr-by-name", 3, admin | valkey, powers, c::sentinel_get_master_addr, "<master>",
     "Another word for GET-MASTER-ADDR-BY-NAME.", nullptr, 0, 0, "get-master-addr-by-name"},
    {"is-primary-down-by-addr", 6, admin | valkey, powers, c::sentinel_is_master_down,
     "<ip> <port> <epoch> <id>", "Another word for IS-MASTER-DOWN-BY-ADDR.", nullptr, 0, 0,
     "is-master-down-by-addr"},
    {"primaries", 2, admin | valkey, powers, c::sentinel_masters, "", "Another word for MASTERS.",
     nullptr, 0, 0, "masters"},
    {"primary", 3, admin | valkey, powers, c::sentinel_master, "<master>",
     "Another word for MASTER.", nullptr, 0, 0, "master"},
};

// Spoken between our own agents; a real Sentinel answers an unknown command.
constexpr CommandSpec vedette_commands[] = {
    {"hello", 4, quiet | flag_fast | hidden, conn, c::vedette_hello, "<version> <id>",
     "Tells that this agent is a Vedette."},
};

constexpr CommandSpec commands_of_all[] = {
    {"acl", -2, none, none, nullptr, "", "Users and what they may do.", acl_commands,
     std::size(acl_commands)},
    {"auth", -2, session, conn, c::auth, "[<user>] <password>", "Logs in."},
    {"client", -2, none, none, nullptr, "", "Connections of clients.", client_commands,
     std::size(client_commands)},
    {"command", -1, lookup, conn, c::command, "", "Describes the commands.", command_commands,
     std::size(command_commands)},
    {"hello", -1, session, conn, c::hello, "[<version> [AUTH <user> <password>] [SETNAME <name>]]",
     "Chooses the protocol version."},
    {"info", -1, lookup, category_dangerous, c::info, "[<section> ...]", "Shows figures."},
    {"ping", -1, flag_fast | flag_subscriber, conn, c::ping, "[<text>]", "Answers."},
    {"psubscribe", -2, pubsub, category_pubsub, c::psubscribe, "<pattern> ...",
     "Listens to the events that match."},
    {"publish", 3, flag_pubsub | lookup | flag_fast, category_pubsub, c::publish,
     "<channel> <message>", "Takes hello messages of other agents."},
    {"punsubscribe", -1, pubsub, category_pubsub, c::punsubscribe, "[<pattern> ...]",
     "Stops listening to patterns."},
    {"role", 1, quiet | flag_fast, powers, c::role, "", "Names the masters watched."},
    {"sentinel", -2, admin, powers, nullptr, "", "What this agent is for.", sentinel_commands,
     std::size(sentinel_commands)},
    {"shutdown", -1, admin | quiet | flag_no_multi | flag_allow_busy, powers, c::shutdown,
     "[SAVE|NOSAVE] [NOW] [FORCE] | ABORT", "Ends the process."},
    {"subscribe", -2, pubsub, category_pubsub, c::subscribe, "<channel> ...", "Listens to events."},
    {"unsubscribe", -1, pubsub, category_pubsub, c::unsubscribe, "[<channel> ...]",
     "Stops listening to channels."},
    {"quit", -1, session | hidden | flag_subscriber, conn, c::quit, "", "Closes the connection."},
    {"reset", 1, session | hidden | flag_subscriber, conn, c::reset, "",
     "Makes the connection like new."},
    {"vedette", -2, hidden, none, nullptr, "", "Talk between Vedettes.", vedette_commands,
     std::size(vedette_commands)},
};

}  // namespace

std::span<const CommandSpec> command_table() noexcept { return commands_of_all; }

const CommandSpec* find_command(std::span<const CommandSpec> commands,
                                std::string_view name) noexcept {
  for (const CommandSpec& spec : commands) {
    if (proto::equals_ignoring_case(spec.name, name)) return &spec;
  }
  return nullptr;
}

std::string full_name(const CommandRef& command) {
  std::string name;
  if (command.parent != nullptr) {
    name += command.parent->name;
    name += '|';
  }
  name += command.spec->name;
  return name;
}

CommandRef find_by_full_name(std::string_view name) noexcept {
  const std::size_t bar = name.find('|');
  const CommandSpec* const first = find_command(command_table(), name.substr(0, bar));
  if (first == nullptr || bar == std::string_view::npos) return {nullptr, first};
  return {first, find_command(first->subcommands(), name.substr(bar + 1))};
}

}  // namespace vedette::agent
