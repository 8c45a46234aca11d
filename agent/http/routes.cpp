#include "agent/http/routes.hpp"

#include "agent/http/json_view.hpp"
#include "agent/http/readiness.hpp"

namespace vedette::agent {

namespace {

// That this is executed at all shows that the event loop turns.
HttpAnswer healthz(const HttpSources& /*sources*/) {
  HttpAnswer answer;
  answer.body = health_json();
  return answer;
}

HttpAnswer readyz(const HttpSources& sources) {
  const auto groups = readiness(sources.facade.state(), sources.facade.now());
  HttpAnswer answer;
  for (const GroupReadiness& group : groups) {
    if (!group.ready) answer.status = 503;
  }
  answer.body = readiness_json(groups);
  return answer;
}

HttpAnswer metrics(const HttpSources& sources) {
  HttpAnswer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body =
      metrics_text(sources.facade, sources.traffic, sources.connected_clients, sources.events);
  return answer;
}

HttpAnswer masters(const HttpSources& sources) {
  HttpAnswer answer;
  answer.body = masters_json(sources.facade);
  return answer;
}

struct Route {
  std::string_view path;
  HttpAnswer (*answer)(const HttpSources&);
};

constexpr Route routes[] = {
    {"/healthz", healthz}, {"/readyz", readyz}, {"/metrics", metrics}, {"/v1/masters", masters}};

constexpr std::string_view known_paths = "try /healthz, /readyz, /metrics or /v1/masters";

HttpAnswer failure(unsigned status, std::string_view text, std::string_view hint) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = error_json(text, hint);
  return answer;
}

}  // namespace

HttpAnswer answer_http(const HttpSources& sources, std::string_view method,
                       std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const Route& route : routes) {
    if (route.path != path) continue;
    if (method == "GET" || method == "HEAD") return route.answer(sources);
    HttpAnswer answer =
        failure(405, std::string(method) + " is not allowed on " + std::string(path),
                "this path can only be read: use GET or HEAD");
    answer.allow = "GET, HEAD";
    return answer;
  }
  return failure(404, "there is nothing at " + std::string(path), known_paths);
}

}  // namespace vedette::agent
