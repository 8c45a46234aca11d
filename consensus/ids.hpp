// Handles that tie commands to the events that answer them. All are serial numbers: never reused
// within a process, so a late event about something gone is recognised and ignored.
#pragma once

#include <cstdint>

namespace vedette::consensus {

enum class LinkId : std::uint64_t {};      // one connection attempt
enum class RequestId : std::uint64_t {};   // one request on a link
enum class NodeId : std::uint64_t {};      // one data node of one group
enum class GroupId : std::uint64_t {};     // one monitored master
enum class StrangerId : std::uint64_t {};  // one agent heard of and not known yet
enum class SaveNumber : std::uint64_t {};  // one wish to save; saves complete in this order
enum class Ticket : std::uint64_t {
};  // given by the shell with a question, returned with the answer

}  // namespace vedette::consensus
