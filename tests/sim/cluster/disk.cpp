#include "tests/sim/cluster/disk.hpp"

#include "agent/config/load.hpp"
#include "agent/config/render.hpp"

namespace vedette::sim {

namespace {
constexpr std::size_t most_snapshots = 4;
}  // namespace

void Disk::begin(consensus::Durable content) {
  next_ = std::move(content);
  saving_ = true;
}

bool Disk::finish() {
  saving_ = false;
  if (fails) return false;
  if (old_.size() < most_snapshots) old_.push_back(file_);
  file_ = next_;
  if (fails_late) return false;
  confirmed_ = file_;
  return true;
}

void Disk::crash(consensus::Random& random) {
  if (saving_ && !fails && random.next() % 2 == 0) file_ = next_;
  saving_ = false;
}

bool Disk::restore_old(consensus::Random& random) {
  if (old_.empty()) return false;
  file_ = old_[random.next() % old_.size()];
  return true;
}

consensus::Durable Disk::read(std::string& problem) {
  text_ = agent::render_config(text_, file_, agent::Settings{});
  problem.clear();
  try {
    agent::ConfigSources sources;
    sources.file = text_;
    const consensus::Durable loaded = agent::load_config(sources).durable;
    if (loaded != file_) problem = "the file does not hold what was saved:\n" + text_;
  } catch (const agent::ConfigError& error) {
    problem = "the file cannot be read again: " + error.message + "\n" + text_;
  }
  confirmed_ = file_;
  return file_;
}

}  // namespace vedette::sim
