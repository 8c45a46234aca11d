#include "agent/title.hpp"

#include <bsd/unistd.h>
#include <unistd.h>

#include <string_view>

namespace vedette::agent {

namespace {

std::string listening_address(const Settings& settings) {
  if (settings.port == 0 && settings.tls_port == 0) return settings.unixsocket;
  const std::string address = settings.bind.empty() ? "*" : settings.bind.front();
  const auto port = settings.port != 0 ? settings.port : settings.tls_port;
  return address + ":" + std::to_string(port);
}

std::optional<std::string> value_of(std::string_view variable, const Settings& settings) {
  if (variable == "title") return settings.called_as;
  if (variable == "listen-addr") return listening_address(settings);
  if (variable == "server-mode") return "[sentinel]";
  if (variable == "port") return std::to_string(settings.port);
  if (variable == "tls-port") return std::to_string(settings.tls_port);
  if (variable == "unixsocket") return settings.unixsocket;
  if (variable == "config-file") return settings.config_file;
  return std::nullopt;
}

}  // namespace

void prepare_title(int argc, char** argv) { ::setproctitle_init(argc, argv, environ); }

std::optional<std::string> make_title(const Settings& settings) {
  std::string title;
  std::string_view rest = settings.proc_title_template;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    title += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    if (rest.starts_with("{{")) {
      title += '{';
      rest.remove_prefix(2);
      continue;
    }
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = value_of(rest.substr(1, close - 1), settings);
    if (!value) return std::nullopt;
    title += *value;
    rest.remove_prefix(close + 1);
  }
  if (settings.proc_title_template.empty()) return std::nullopt;
  return title;
}

void show_title(const Settings& settings) {
  if (!settings.set_proc_title) return;
  const auto title = make_title(settings);
  if (title) ::setproctitle("-%s", title->c_str());  // "-": without the name of the program
}

}  // namespace vedette::agent
