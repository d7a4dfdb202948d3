#include <holdfast/exec/explain.hpp>

#include <fmt/format.h>

namespace holdfast::exec {
namespace {

using SteadyClock = std::chrono::steady_clock;

class Stopwatch {
public:
    explicit Stopwatch(Profile::Taken& taken) : taken_(taken) {}
    ~Stopwatch() { taken_.time += SteadyClock::now() - began_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    Profile::Taken& taken_;
    const SteadyClock::time_point began_ = SteadyClock::now();
};

class MeasuredCursor final : public Cursor {
public:
    MeasuredCursor(std::unique_ptr<Cursor> cursor, Profile::Taken& taken)
        : cursor_(std::move(cursor)), taken_(taken) {}

    Result<bool> next(column::Frame& out) override {
        const Stopwatch stopwatch(taken_);
        HF_TRY(const bool any, cursor_->next(out));
        if (any) taken_.rows += out.rows;
        return any;
    }

private:
    std::unique_ptr<Cursor> cursor_;
    Profile::Taken& taken_; // a map's values do not move
};

std::string taken_text(const Operator& at, const Profile& profile) {
    const Profile::Taken taken = profile.of(at);
    std::chrono::duration<double, std::milli> own = taken.time;
    for (const Operator* input : at.inputs()) own -= profile.of(*input).time;
    return fmt::format("{}{} -> {} rows in {:.2f} ms", taken.note.empty() ? "" : ": ", taken.note,
                       taken.rows, own.count());
}

void explain(const Operator& at, const Profile* profile, std::size_t depth,
             std::vector<std::string>& lines) {
    std::string line = std::string(2 * depth, ' ') + at.describe();
    if (profile != nullptr) line += taken_text(at, *profile);
    lines.push_back(std::move(line));
    for (const Operator* input : at.inputs()) explain(*input, profile, depth + 1, lines);
}

} // namespace

Result<std::unique_ptr<Cursor>> Operator::open(Context& context) const {
    if (context.profile() == nullptr) return start(context);
    Profile::Taken& taken = context.profile()->of(*this);
    const Stopwatch stopwatch(taken);
    HF_TRY(auto cursor, start(context));
    return std::make_unique<MeasuredCursor>(std::move(cursor), taken);
}

std::vector<std::string> explain(const Operator& root, const Profile* profile) {
    std::vector<std::string> lines;
    explain(root, profile, 0, lines);
    return lines;
}

} // namespace holdfast::exec
