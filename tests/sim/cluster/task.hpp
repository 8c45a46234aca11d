// Something to do later. Moved and never copied; what is captured lies in place as long as it is
// small, as nearly everything is: a run has some million of them.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace vedette::sim {

class Task {
 public:
  Task() = default;
  template <std::invocable F>
  requires(!std::same_as<F, Task>)
      Task(F what) {  // NOLINT(google-explicit-constructor): any lambda is a task
    if constexpr (fits<F>) {
      new (place_) F(std::move(what));
      kind_ = &kind_of<F>;
    } else {
      *this = Task([there = std::make_unique<F>(std::move(what))] { (*there)(); });
    }
  }
  Task(Task&& other) noexcept { take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take(other);
    return *this;
  }
  ~Task() { clear(); }

  void operator()() { kind_->run(place_); }

 private:
  struct Kind {
    void (*run)(void* place);
    void (*move)(void* from, void* to) noexcept;  // and nothing is left at `from`
    void (*destroy)(void* place) noexcept;
  };
  static constexpr std::size_t room = 64;

  template <class F>
  static constexpr bool fits =
      sizeof(F) <= room && alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;
  template <class F>
  static constexpr Kind kind_of{[](void* place) { (*static_cast<F*>(place))(); },
                                [](void* from, void* to) noexcept {
                                  new (to) F(std::move(*static_cast<F*>(from)));
                                  static_cast<F*>(from)->~F();
                                },
                                [](void* place) noexcept { static_cast<F*>(place)->~F(); }};

  void take(Task& other) noexcept {
    kind_ = std::exchange(other.kind_, nullptr);
    if (kind_ != nullptr) kind_->move(other.place_, place_);
  }
  void clear() noexcept {
    if (kind_ != nullptr) std::exchange(kind_, nullptr)->destroy(place_);
  }

  alignas(void*) std::byte place_[room];
  const Kind* kind_ = nullptr;
};

}  // namespace vedette::sim
