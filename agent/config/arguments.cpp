#include "agent/config/arguments.hpp"

#include <algorithm>

namespace vedette::agent {

namespace {

// In double quotes, every byte that is not printable as an escape: the form in which the original
// puts arguments between the lines of the file, and shows them in its messages.
std::string quoted(std::string_view word) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out{'"'};
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7E) {
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

// An option that comes without its value takes the next word for it, whatever that begins with:
// `--requirepass --secret`. Two may be without one.
bool takes_next(const std::string& option) {
  return option != "--save" && option != "--sentinel" && option.find(' ') == std::string::npos;
}

// Options are directives whose name begins with "--"; what follows are their values.
std::string directives_of(const std::vector<std::string>& words) {
  std::string text;
  bool wants_value = false;
  for (const std::string& word : words) {
    if (word.starts_with("--") && !wants_value) {
      if (!text.empty()) text += '\n';
      text += word.substr(2);
      wants_value = takes_next(word);
    } else {
      if (!text.empty()) text += ' ';
      text += quoted(word);
      wants_value = false;
    }
  }
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \r\n\t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \r\n\t") - first + 1);
}

void read_options(std::vector<std::string> words, const std::string& directory, Arguments& out) {
  if (!words.empty() && !words.front().starts_with("-")) {
    out.config_file = absolute_path(words.front(), directory);
    words.erase(words.begin());
  }
  if (!words.empty() && words.front() == "-") {
    out.read_stdin = true;
    words.erase(words.begin());
  } else if (!words.empty() && words.back() == "-") {
    out.read_stdin = true;
    words.pop_back();
  }
  out.directives = directives_of(words);
}

}  // namespace

std::string absolute_path(std::string path, const std::string& directory) {
  path = trimmed(path);
  if (path.starts_with('/')) return path;
  std::string base = directory;
  while (path.starts_with("../")) {
    path.erase(0, 3);
    const auto slash = base.find_last_of('/');
    if (slash != std::string::npos) base.erase(slash);
  }
  if (!base.ends_with('/')) base += '/';
  return base + path;
}

Arguments parse_arguments(const std::vector<std::string>& argv, const std::string& directory) {
  Arguments out;
  const std::string called = argv.empty() ? "vedette" : argv.front();
  const std::string name = called.substr(called.find_last_of('/') + 1);
  out.called_as = called;
  out.executable = absolute_path(called, directory);
  out.dialect = name.find("valkey") != std::string::npos ? Dialect::valkey : Dialect::redis;
  const bool is_sentinel = name.find("redis-sentinel") != std::string::npos ||
                           name.find("valkey-sentinel") != std::string::npos;
  const bool is_server = name.find("redis-server") != std::string::npos ||
                         name.find("valkey-server") != std::string::npos;
  out.called_as_redis = is_sentinel || is_server;

  const std::vector<std::string> words(argv.empty() ? argv.begin() : argv.begin() + 1, argv.end());
  if (!words.empty()) {
    const std::string& first = words.front();
    if (first == "-v" || first == "--version") {
      out.action = Arguments::Action::version;
      return out;
    }
    if (first == "-h" || first == "--help") {
      out.action = Arguments::Action::help;
      return out;
    }
  }
  const bool asked = std::find(words.begin(), words.end(), "--sentinel") != words.end();
  if (is_server && !asked) {
    out.action = Arguments::Action::refuse;
    out.refusal =
        "This " + name +
        " is Vedette, which replaces Redis Sentinel and stores no data. Start it as `" + name +
        " /path/to/sentinel.conf --sentinel`; for a data server start the original " + name + ".";
    return out;
  }
  read_options(words, directory, out);
  return out;
}

std::string version_line(const Arguments& arguments) {
  if (arguments.called_as_redis) {
    const DialectFacts facts = facts_of(arguments.dialect);
    const bool valkey = arguments.dialect == Dialect::valkey;
    return std::string(valkey ? "Valkey" : "Redis") + " server v=" + std::string(facts.version) +
           " sha=00000000:0 malloc=libc bits=64 build=vedette-" VEDETTE_VERSION;
  }
  return "vedette " VEDETTE_VERSION " (redis 7.0.15 dialect)";
}

std::string help_text(const Arguments& arguments) {
  const std::string name = arguments.executable.substr(arguments.executable.find_last_of('/') + 1);
  const std::string run = arguments.called_as_redis && name.find("-server") != std::string::npos
                              ? name + " /path/to/sentinel.conf --sentinel"
                              : name + " /path/to/sentinel.conf";
  return "Usage: " + run +
         " [options] [-]\n"
         "       " +
         name +
         " -v or --version\n"
         "       " +
         name +
         " -h or --help\n\n"
         "Vedette watches Redis masters and fails over to a replica, as Redis Sentinel does.\n"
         "The file has the directives of sentinel.conf; it is also where state is kept.\n"
         "Options are directives with their values and overrule the file; - reads more from "
         "stdin.\n\n"
         "Examples:\n"
         "       " +
         run +
         "\n"
         "       " +
         run +
         " --port 7777 --loglevel verbose\n"
         "       " +
         run + " --sentinel monitor mymaster 127.0.0.1 6379 2\n";
}

}  // namespace vedette::agent
