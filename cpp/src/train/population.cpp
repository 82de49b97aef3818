#include "fanin/population.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "team/team.hpp"
#include "train/training.hpp"

namespace fanin {
namespace {

// A parallel region ends after this long where threads have no work and epochs that have ended may have
// successors.
constexpr double kIdleRegionSeconds = 0.001;
// Less work than this in all is not worth a team.
constexpr double kLeastWork = 200e-6;
// The first trial on one thread comes soon, as a call may be short; later ones take 1% of the time.
constexpr double kSecondsBetweenTrials = 0.02;
constexpr double kRegionSeconds = 0.05;  // at most: then the caller can be asked whether to continue
constexpr double kSecondsBetweenQuestions = 0.01;
constexpr double kShortWait = 200e-6;
constexpr auto kNap = std::chrono::microseconds(100);

}  // namespace

// An epoch under way
struct Population::Member {
  explicit Member(std::size_t chosen) : number(chosen) {}
  virtual ~Member() = default;
  virtual bool more() const = 0;
  virtual int team() const = 0;
  virtual void run_slice() = 0;
  // Returns the seconds that its steps take where nothing is in their way.
  virtual double run_alone(const std::function<bool()>& time_is_up) = 0;
  virtual EpochResult end() = 0;

  // f(), timed
  template <class F>
  void work(F&& f) {
    const double start = seconds_now();
    f();
    seconds += seconds_now() - start;
    reached = true;
  }
  Ended ended() {
    Ended all{number, {}, 0, nullptr};
    try {
      work([&] { all.result = end(); });
    } catch (...) {
      all.error = std::current_exception();
    }
    all.seconds = seconds;
    return all;
  }

  const std::size_t number;
  double seconds = 0;
  bool reached = false;  // in this round
};

template <class T>
struct Population::MemberOf final : Member {
  MemberOf(std::size_t chosen, Training<T>& training) : Member(chosen), state(*training.state_) {}
  bool more() const override { return state.more(); }
  int team() const override { return state.team(); }
  void run_slice() override { state.run_slice(); }
  double run_alone(const std::function<bool()>& time_is_up) override {
    const std::size_t first = state.next_step;
    const double start = seconds_now();
    state.run_alone(time_is_up);
    const double steps = static_cast<double>(state.next_step - first);
    if (steps == 0) return 0;
    state.least_seconds = std::min(state.least_seconds, (seconds_now() - start) / steps);
    return steps * state.least_seconds;
  }
  EpochResult end() override { return state.end(); }

  typename Training<T>::State& state;
};

struct Population::State {
  bool stops() {
    if (stop.load(std::memory_order_relaxed)) return true;
    if (!ask || std::this_thread::get_id() != caller) return false;
    const double now = seconds_now();
    if (now - last_question < kSecondsBetweenQuestions) return false;
    last_question = now;
    if (ask()) stop.store(true, std::memory_order_relaxed);
    return stop.load(std::memory_order_relaxed);
  }

  void round();
  void side_by_side(const std::vector<Member*>& members, int threads);
  std::vector<Ended> take_ended(bool all);

  std::function<bool()> ask;
  std::thread::id caller;
  double last_question = 0;
  std::atomic<bool> stop{false};
  Pace pace{kSecondsBetweenTrials};
  double last_work = kLeastWork;               // seconds of the last region's steps
  std::vector<std::unique_ptr<Member>> queue;  // the first has waited longest
};

// Each member is one thread's, until its epoch ends or the region does.
void Population::State::side_by_side(const std::vector<Member*>& members, int threads) {
  std::atomic<std::size_t> next{0}, ended{0};
  std::atomic<int> finished{0};
  std::atomic<bool> idle{false};
  std::atomic<double> work{0};
  const double start = seconds_now();
  const bool worth_it = last_work >= kLeastWork;
  const int team_wanted =
      worth_it ? pace.begin(std::min(threads, static_cast<int>(members.size())), start) : 1;
  const double most_seconds = worth_it ? pace.seconds() : kRegionSeconds;
  const std::function<bool()> time_is_up = [&] {
    if (stop.load(std::memory_order_relaxed)) return true;
    const bool soon = idle.load(std::memory_order_relaxed) && ended.load(std::memory_order_relaxed) > 0;
    return seconds_now() - start > (soon ? kIdleRegionSeconds : most_seconds);
  };
  run_team(team_wanted, [&](int thread, int team) {
    while (!time_is_up()) {
      const std::size_t i = next.fetch_add(1);
      if (i >= members.size()) {
        idle.store(true, std::memory_order_relaxed);
        break;
      }
      members[i]->work([&] { work.fetch_add(members[i]->run_alone(time_is_up)); });
      if (!members[i]->more()) ended.fetch_add(1, std::memory_order_relaxed);
    }
    finished.fetch_add(1);
    const double finished_at = seconds_now();
    // The caller's thread may have to interrupt long steps of the others.
    while (thread == 0 && finished.load() < team && !stops()) {
      if (seconds_now() - finished_at < kShortWait) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(kNap);
      }
    }
  });
  last_work = work.load();
  constexpr double nanoseconds = 1e9;
  if (worth_it) pace.end(static_cast<std::size_t>(last_work * nanoseconds), seconds_now());
}

void Population::State::round() {
  const int threads = team_size();
  const bool enough = queue.size() >= static_cast<std::size_t>(threads);
  std::vector<Member*> alone, in_turn;
  for (const auto& member : queue) {
    member->reached = false;
    (threads > 1 && (enough || member->team() == 1) ? alone : in_turn).push_back(member.get());
  }
  if (alone.size() > 1) {
    side_by_side(alone, threads);
  } else {
    in_turn.insert(in_turn.begin(), alone.begin(), alone.end());
  }
  for (Member* member : in_turn) {
    if (stops()) return;
    member->work([&] { member->run_slice(); });
  }
}

std::vector<Population::Ended> Population::State::take_ended(bool all) {
  std::vector<Ended> ended;
  std::erase_if(queue, [&](const std::unique_ptr<Member>& member) {
    if (!all && member->more()) return false;
    ended.push_back(member->ended());
    return true;
  });
  std::stable_partition(queue.begin(), queue.end(), [](const auto& member) { return !member->reached; });
  return ended;
}

Population::Population(std::function<bool()> interrupted) : state_(std::make_shared<State>()) {
  state_->ask = std::move(interrupted);
}

Population::~Population() { stop(); }

void Population::stop() {
  state_->stop.store(true);
  state_->take_ended(true);
}

std::function<bool()> Population::interrupted() const {
  return [state = state_] { return state->stops(); };
}

template <class T>
void Population::begin(std::size_t number, Training<T>& training, const Method& method) {
  auto member = std::make_unique<MemberOf<T>>(number, training);
  state_->queue.reserve(state_->queue.size() + 1);
  member->work([&] { member->state.begin(method); });
  state_->queue.push_back(std::move(member));
}

std::vector<Population::Ended> Population::run() {
  State& s = *state_;
  s.caller = std::this_thread::get_id();
  std::vector<Ended> ended;
  while (!s.queue.empty() && ended.empty()) {
    if (!s.stops()) s.round();
    ended = s.take_ended(s.stop.load());
  }
  return ended;
}

template void Population::begin(std::size_t, Training<float>&, const Method&);
template void Population::begin(std::size_t, Training<double>&, const Method&);

}  // namespace fanin
