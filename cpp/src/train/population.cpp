#include "fanin/population.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "team/add.hpp"
#include "team/limit.hpp"
#include "team/team.hpp"
#include "train/training.hpp"

namespace fanin {
namespace {

// A parallel region ends after this long if threads are idle and ended epochs may have successors.
constexpr double kIdleRegionSeconds = 0.001;
// Less total work than this does not justify a team.
constexpr double kLeastWork = 200e-6;
// The first trial on one thread comes soon, because a call may be short; later ones take 1% of the time.
constexpr double kSecondsBetweenTrials = 0.02;
constexpr double kRegionSeconds = 0.05;  // at most, so that `interrupted` can be called
constexpr double kSecondsBetweenQuestions = 0.01;
constexpr double kShortWait = 200e-6;
constexpr auto kNap = std::chrono::microseconds(100);

// Whether the time will be up in this many seconds; called by thread 0
using TimeIsUp = std::function<bool(double)>;

}  // namespace

// An epoch in progress. The thread that takes it first prepares it, and the thread that takes its last step
// ends it: both take time, which is thus shared among threads.
struct Population::Member {
  explicit Member(std::size_t number) : ended{number, {}, 0, nullptr} {}
  virtual ~Member() = default;
  virtual bool worth_a_team() const = 0;
  virtual void run_slice() = 0;
  // Called by all threads of a team together
  virtual void run_as(fanin::Member thread, const TimeIsUp& time_is_up) = 0;

  bool runs() const { return stage == Stage::prepared; }
  void take() {
    taken_at = seconds_now();
    reached = true;
    work = 0;
    if (stage == Stage::begun) attempt(Stage::prepared, [this] { prepare(); });
  }
  void let_go() {
    if (runs() && !more()) finish();
    ended.seconds += seconds_now() - taken_at;
  }
  void finish() {
    if (stage == Stage::begun) attempt(Stage::ended, [this] { ended.result = give_up(); });
    if (stage == Stage::prepared) attempt(Stage::ended, [this] { ended.result = end(); });
  }

  Ended ended;
  enum class Stage { begun, prepared, ended } stage = Stage::begun;
  double taken_at = 0;
  bool reached = false;  // taken in this round
  double work = 0;       // undisturbed thread-seconds of the steps since `take`

 private:
  virtual bool more() = 0;
  virtual void prepare() = 0;
  virtual EpochResult end() = 0;
  virtual EpochResult give_up() = 0;

  template <class F>
  void attempt(Stage next, F&& f) {
    stage = next;
    try {
      f();
    } catch (...) {
      stage = Stage::ended;
      ended.error = std::current_exception();
    }
  }
};

template <class T>
struct Population::MemberOf final : Member {
  MemberOf(std::size_t number, Training<T>& training) : Member(number), state(*training.state_) {}
  bool worth_a_team() const override { return state.worth_a_team(); }
  void run_slice() override { state.run_slice(); }
  void run_as(fanin::Member thread, const TimeIsUp& time_is_up) override {
    const std::size_t first = state.next_step;
    const double start = seconds_now();
    const double a_step = std::isinf(state.least_seconds) ? 0 : state.least_seconds / thread.threads;
    state.run_as(thread, [&](std::size_t) { return time_is_up(a_step); });
    if (thread.thread > 0) return;
    const double steps = static_cast<double>(state.next_step - first);
    if (steps == 0) return;
    state.least_seconds = std::min(state.least_seconds, thread.threads * (seconds_now() - start) / steps);
    work = steps * state.least_seconds;
  }
  bool more() override {
    state.end_slice();
    return state.more();
  }
  void prepare() override { state.prepare(); }
  EpochResult end() override { return state.end(); }
  EpochResult give_up() override {
    state.writing.reset();
    return {0, true, 0};
  }

  typename Training<T>::State& state;
};

struct Population::State {
  struct Region;

  bool stops() {
    if (stop.load(std::memory_order_relaxed)) return true;
    if (!ask || std::this_thread::get_id() != caller.load()) return false;
    const double now = seconds_now();
    if (now - last_question < kSecondsBetweenQuestions) return false;
    last_question = now;
    if (ask()) stop.store(true);
    return stop.load();
  }

  void round();
  void side_by_side();
  std::vector<Ended> take_ended(bool all);

  std::function<bool()> ask;
  std::atomic<std::thread::id> caller;  // of `run`
  double last_question = 0;
  std::atomic<bool> stop{false};
  std::mutex running;  // `stop` from another thread waits for `run`
  // a step here is a nanosecond of work, whatever the network
  Pace pace{experience_of(0, thread_limit()), kSecondsBetweenTrials};
  double last_work = kLeastWork;               // seconds of the last region's steps
  std::vector<std::unique_ptr<Member>> queue;  // longest waiting first
};

// A parallel region: as many squads of threads as there are members, but at most as many as threads. A squad
// trains one member until its epoch or the region ends, then the next in the queue.
struct Population::State::Region {
  struct Squad {
    Barrier barrier;
    Member* now = nullptr;
    int threads = 1;  // that train the member
  };

  Region(State& chosen, int squads_wanted, double most)
      : state(chosen), squads(static_cast<std::size_t>(squads_wanted)), most_seconds(most) {}

  void run_as(int thread, int team) {
    const int count = std::min(static_cast<int>(squads.size()), team), number = thread * count / team;
    const auto first_of = [&](int n) { return (n * team + count - 1) / count; };
    train(squads[static_cast<std::size_t>(number)],
          {thread - first_of(number), first_of(number + 1) - first_of(number)});
    finished.fetch_add(1);
    if (thread == 0) wait_for(team);
  }

  void train(Squad& squad, fanin::Member thread) {
    for (;;) {
      if (thread.thread == 0) {
        squad.now = take_next();
        if (squad.now != nullptr) squad.threads = squad.now->worth_a_team() ? thread.threads : 1;
      }
      squad.barrier.wait(thread.threads);
      Member* const now = squad.now;
      if (now == nullptr) return;
      if (now->runs() && thread.thread < squad.threads) {
        now->run_as({thread.thread, squad.threads}, [this](double from_now) { return time_is_up(from_now); });
      }
      squad.barrier.wait(thread.threads);
      if (thread.thread > 0) continue;
      now->let_go();
      add(work, now->work);
      if (!now->runs()) ended.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Member* take_next() {
    if (time_is_up(0)) return nullptr;
    const std::size_t i = next.fetch_add(1);
    if (i >= state.queue.size()) {
      idle.store(true, std::memory_order_relaxed);
      return nullptr;
    }
    state.queue[i]->take();
    return state.queue[i].get();
  }

  bool time_is_up(double from_now) {
    if (state.stops()) return true;
    const bool soon = idle.load(std::memory_order_relaxed) && ended.load(std::memory_order_relaxed) > 0;
    return seconds_now() + from_now - start > (soon ? kIdleRegionSeconds : most_seconds);
  }

  // The caller's thread may have to interrupt long steps of other threads.
  void wait_for(int team) {
    const double finished_at = seconds_now();
    while (finished.load() < team && !state.stops()) {
      const bool briefly = seconds_now() - finished_at < kShortWait;
      briefly ? std::this_thread::yield() : std::this_thread::sleep_for(kNap);
    }
  }

  State& state;
  std::vector<Squad> squads;
  const double start = seconds_now(), most_seconds;
  std::atomic<std::size_t> next{0}, ended{0};
  std::atomic<int> finished{0};
  std::atomic<bool> idle{false};
  std::atomic<double> work{0};
};

void Population::State::side_by_side() {
  const int threads = team_size();
  const int squads =
      queue.size() < static_cast<std::size_t>(threads) ? static_cast<int>(queue.size()) : threads;
  const bool small = std::ranges::none_of(queue, [](const auto& member) { return member->worth_a_team(); });
  const bool worth_it = last_work >= kLeastWork;
  const int team = worth_it ? pace.begin(small ? squads : threads, seconds_now()) : 1;
  Region region(*this, squads, worth_it ? pace.seconds() : kRegionSeconds);
  run_team(team, [&](int thread, int size) { region.run_as(thread, size); });
  last_work = region.work.load();
  if (worth_it) pace.end(static_cast<std::size_t>(last_work * 1e9), seconds_now());
}

void Population::State::round() {
  for (const auto& member : queue) member->reached = false;
  if (queue.size() > 1) return side_by_side();
  Member& alone = *queue.front();
  alone.take();
  if (alone.runs()) alone.run_slice();
  alone.let_go();
}

std::vector<Population::Ended> Population::State::take_ended(bool all) {
  std::vector<Ended> ended;
  ended.reserve(queue.size());  // nothing may throw while members are moved
  std::erase_if(queue, [&](const std::unique_ptr<Member>& member) {
    if (all) member->finish();
    if (member->stage != Member::Stage::ended) return false;
    ended.push_back(std::move(member->ended));
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
  State& s = *state_;
  s.stop.store(true);
  if (s.caller.load() == std::this_thread::get_id()) return;  // from `interrupted`: `run` ends them
  const std::lock_guard<std::mutex> lock(s.running);
  for (const auto& member : s.queue) member->finish();
  s.queue.clear();
}

std::function<bool()> Population::interrupted() const {
  return [state = state_] { return state->stops(); };
}

template <class T>
void Population::begin(std::size_t number, Training<T>& training, const Method& method) {
  if (training.state_->ranks.many()) throw ValueError("communicator: expected none for concurrent fits");
  auto member = std::make_unique<MemberOf<T>>(number, training);
  const std::lock_guard<std::mutex> lock(state_->running);
  state_->queue.reserve(state_->queue.size() + 1);
  member->state.begin(method);
  state_->queue.push_back(std::move(member));
}

std::vector<Population::Ended> Population::run() {
  State& s = *state_;
  const std::lock_guard<std::mutex> lock(s.running);
  s.caller.store(std::this_thread::get_id());
  struct Returned {
    std::atomic<std::thread::id>& caller;
    ~Returned() { caller.store({}); }
  } const returned{s.caller};
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
