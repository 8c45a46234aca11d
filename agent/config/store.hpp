// The durable store: the configuration file, written by one thread of its own so that the disk
// never holds up the loop. Saves are grouped: while one runs, further wishes wait and the next save
// covers them all.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/config/file_replace.hpp"
#include "agent/config/settings.hpp"
#include "consensus/durable.hpp"
#include "consensus/ids.hpp"

namespace vedette::agent {

class Store {
 public:
  struct Snapshot {
    consensus::Durable durable;
    Settings settings;
  };
  // Runs the task on the loop; called from the writer thread.
  using Post = std::function<void(std::function<void()>)>;
  // The state at the moment a save starts; called on the loop.
  using Take = std::function<Snapshot()>;
  // What became of the save of this number and all before; called on the loop.
  using Report = std::function<void(consensus::SaveNumber, const SaveResult&)>;

  // `text` is the file as it was loaded: the base of the rewrite if the file should vanish,
  // and what its settings are restored from if they should.
  Store(std::string path, std::string text, Post post, Take take, Report report);
  // Finishes the save that runs; what waits behind it is not saved.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Wishes that the state as it is now becomes durable. Never waits.
  void persist(consensus::SaveNumber number);

  // Replaces the content of another file; `done` is called on the loop.
  void replace(std::string path, std::string content, std::function<void(const SaveResult&)> done);

  // Saves at once and waits for the disk: for the start, when nothing is served yet.
  SaveResult save_now(const Snapshot& snapshot);

 private:
  struct Alive {};
  struct Replacement {
    std::string path;
    std::string content;
    std::function<void(const SaveResult&)> done;
  };
  void start();
  void finished(consensus::SaveNumber number, const SaveResult& result);
  void work();
  void save(const Snapshot& snapshot, consensus::SaveNumber number);
  void carry_out(const Replacement& replacement);

  const std::string path_;
  const Post post_;
  const Take take_;
  const Report report_;

  // The loop's side.
  consensus::SaveNumber wanted_{0};
  bool running_ = false;
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();  // a late result finds it gone

  // The writer's side.
  const std::string loaded_text_;
  std::string last_text_;

  // Shared.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Snapshot> job_;
  consensus::SaveNumber job_number_{0};
  std::deque<Replacement> replacements_;
  bool stopping_ = false;
  std::weak_ptr<Alive> alive_for_posts_{alive_};
  std::thread thread_;
};

}  // namespace vedette::agent
