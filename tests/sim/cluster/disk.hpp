// An agent's disk: one configuration file, replaced as a whole, in the format of the product.
#pragma once

#include <string>
#include <vector>

#include "consensus/durable.hpp"
#include "consensus/random.hpp"
#include "tests/sim/cluster/queue.hpp"

namespace vedette::sim {

class Disk {
 public:
  explicit Disk(consensus::Durable first) : file_(std::move(first)) {}

  // ---- what an experiment may turn ----
  bool fails = false;       // ENOSPC: the old file stays
  bool fails_late = false;  // EIO behind the rename: the new file is there, and nobody knows
  Duration save_time{3'000};

  // A save of that content starts, and ends; true if it is reported as done.
  void begin(consensus::Durable content);
  bool finish();
  [[nodiscard]] bool busy() const noexcept { return saving_; }
  // The process ends: a save under way has happened or not.
  void crash(consensus::Random& random);
  // The file of some time ago comes back, as from a snapshot of the machine.
  bool restore_old(consensus::Random& random);

  // What a start reads: written as the product writes it, and read as the product reads it.
  // `problem` says what was lost on the way; "" if nothing.
  consensus::Durable read(std::string& problem);
  [[nodiscard]] const consensus::Durable& file() const noexcept { return file_; }
  // What the agent knows to be on disk.
  [[nodiscard]] const consensus::Durable& confirmed() const noexcept { return confirmed_; }

 private:
  consensus::Durable file_;
  consensus::Durable confirmed_ = file_;
  consensus::Durable next_ = file_;
  bool saving_ = false;
  std::string text_;
  std::vector<consensus::Durable> old_;
};

}  // namespace vedette::sim
