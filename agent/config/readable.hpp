// Whether an agent could start from a line that somebody wrote into the file while it runs.
#pragma once

#include "agent/config/settings.hpp"
#include "proto/config_file.hpp"

namespace vedette::agent {

// Asked line by line, in the order of the file: some may stand there only once.
class Readable {
 public:
  explicit Readable(Dialect dialect) { seen_.dialect = dialect; }
  [[nodiscard]] bool operator()(const proto::ConfigLine& line);

 private:
  Settings seen_;
};

}  // namespace vedette::agent
