#include <holdfast/ml/training/splits.hpp>

#include <holdfast/ml/training/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace holdfast::ml {
namespace {

constexpr std::size_t kFoldsMax = 1000;

Result<void> check_part(double part) {
    if (part > 0.0 && part < 1.0) return ok();
    return fail(Errc::malformed, fmt::format("a test of {} is not a part between 0 and 1", part));
}

Result<void> check_folds(std::size_t k, std::size_t available, const char* of) {
    if (k < 2 || k > kFoldsMax)
        return fail(Errc::malformed, fmt::format("{} folds: must be from 2 to {}", k, kFoldsMax));
    if (available < k)
        return fail(Errc::malformed, fmt::format("{} {} do not make {} folds", available, of, k));
    return ok();
}

Result<void> check_both_sides(const Fold& fold, std::size_t number) {
    if (!fold.train.empty() && !fold.test.empty()) return ok();
    return fail(Errc::malformed, fmt::format("fold {} has {} rows to train on and {} to test with",
                                             number, fold.train.size(), fold.test.size()));
}

// The last time that still belongs to the first `rows` rows in order of time.
std::int64_t cut_after(std::span<const std::int64_t> sorted, std::size_t rows) {
    return sorted[std::clamp<std::size_t>(rows, 1, sorted.size()) - 1];
}

std::vector<std::int64_t> sorted_times(std::span<const std::int64_t> times) {
    std::vector<std::int64_t> out(times.begin(), times.end());
    std::ranges::sort(out);
    return out;
}

struct Group {
    std::size_t name = 0;
    std::size_t rows = 0;
    std::size_t drawn = 0; // place in the order of chance
};

// In an order of chance.
std::vector<Group> drawn_groups(std::span<const std::size_t> groups, std::uint64_t seed) {
    std::map<std::size_t, std::size_t> rows;
    for (const std::size_t group : groups) ++rows[group];
    std::vector<Group> in_order;
    for (const auto& [name, count] : rows) in_order.push_back({name, count, 0});
    std::vector<std::size_t> order(in_order.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random(seed).shuffle(order);
    std::vector<Group> out;
    for (const std::size_t at : order) {
        in_order[at].drawn = out.size();
        out.push_back(in_order[at]);
    }
    return out;
}

// The fold of each row: the largest groups first, each to the fold with the fewest rows.
Result<std::vector<std::size_t>> fold_of_rows(std::span<const std::size_t> groups, std::size_t k,
                                              std::uint64_t seed) {
    std::vector<Group> drawn = drawn_groups(groups, seed);
    HF_TRY(check_folds(k, drawn.size(), "groups"));
    std::ranges::sort(drawn, [](const Group& a, const Group& b) {
        return a.rows != b.rows ? a.rows > b.rows : a.drawn < b.drawn;
    });
    std::vector<std::size_t> rows(k, 0);
    std::map<std::size_t, std::size_t> fold_of;
    for (const Group& group : drawn) {
        const auto least = std::ranges::min_element(rows);
        fold_of[group.name] = static_cast<std::size_t>(least - rows.begin());
        *least += group.rows;
    }
    std::vector<std::size_t> out;
    for (const std::size_t group : groups) out.push_back(fold_of[group]);
    return out;
}

std::vector<Fold> folds_of(std::span<const std::size_t> fold_of, std::size_t k) {
    std::vector<Fold> out(k);
    for (std::size_t row = 0; row < fold_of.size(); ++row)
        for (std::size_t fold = 0; fold < k; ++fold)
            (fold_of[row] == fold ? out[fold].test : out[fold].train).push_back(row);
    return out;
}

} // namespace

Result<Fold> split_by_time(std::span<const std::int64_t> times, double part) {
    HF_TRY(check_part(part));
    if (times.empty()) return fail(Errc::malformed, "no rows to split");
    const std::vector<std::int64_t> sorted = sorted_times(times);
    const auto kept = static_cast<std::size_t>((1.0 - part) * static_cast<double>(times.size()));
    const std::int64_t cut = cut_after(sorted, kept);
    Fold out;
    for (std::size_t row = 0; row < times.size(); ++row)
        (times[row] <= cut ? out.train : out.test).push_back(row);
    HF_TRY(check_both_sides(out, 0));
    return out;
}

Result<Fold> split_by_group(std::span<const std::size_t> groups, double part, std::uint64_t seed) {
    HF_TRY(check_part(part));
    const std::vector<Group> drawn = drawn_groups(groups, seed);
    if (drawn.size() < 2)
        return fail(Errc::malformed, fmt::format("{} groups cannot be split", drawn.size()));
    const double wanted = part * static_cast<double>(groups.size());
    std::vector<std::size_t> tested;
    double rows = 0.0;
    for (std::size_t i = 0; i + 1 < drawn.size() && (i == 0 || rows < wanted); ++i) {
        tested.push_back(drawn[i].name);
        rows += static_cast<double>(drawn[i].rows);
    }
    std::ranges::sort(tested);
    Fold out;
    for (std::size_t row = 0; row < groups.size(); ++row)
        (std::ranges::binary_search(tested, groups[row]) ? out.test : out.train).push_back(row);
    return out;
}

Result<std::vector<Fold>> row_folds(std::size_t rows, std::size_t k, std::uint64_t seed) {
    HF_TRY(check_folds(k, rows, "rows"));
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random(seed).shuffle(order);
    std::vector<std::size_t> fold_of(rows);
    for (std::size_t i = 0; i < rows; ++i) fold_of[order[i]] = i % k;
    return folds_of(fold_of, k);
}

Result<std::vector<Fold>> group_folds(std::span<const std::size_t> groups, std::size_t k,
                                      std::uint64_t seed) {
    HF_TRY(const std::vector<std::size_t> fold_of, fold_of_rows(groups, k, seed));
    return folds_of(fold_of, k);
}

Result<std::vector<Fold>> time_folds(std::span<const std::int64_t> times, std::size_t k) {
    HF_TRY(check_folds(k, times.size(), "rows"));
    const std::vector<std::int64_t> sorted = sorted_times(times);
    std::vector<Fold> out(k);
    for (std::size_t fold = 0; fold < k; ++fold) {
        const std::int64_t from = cut_after(sorted, times.size() * (fold + 1) / (k + 1));
        const std::int64_t to = cut_after(sorted, times.size() * (fold + 2) / (k + 1));
        for (std::size_t row = 0; row < times.size(); ++row) {
            if (times[row] <= from)
                out[fold].train.push_back(row);
            else if (times[row] <= to)
                out[fold].test.push_back(row);
        }
        HF_TRY(check_both_sides(out[fold], fold));
    }
    return out;
}

Result<std::vector<Fold>> group_time_folds(std::span<const std::size_t> groups,
                                           std::span<const std::int64_t> times, std::size_t k,
                                           std::uint64_t seed) {
    if (groups.size() != times.size())
        return fail(Errc::malformed,
                    fmt::format("{} groups for {} times", groups.size(), times.size()));
    HF_TRY(const std::vector<std::size_t> fold_of, fold_of_rows(groups, k, seed));
    const std::vector<std::int64_t> sorted = sorted_times(times);
    std::vector<Fold> out(k);
    for (std::size_t fold = 0; fold < k; ++fold) {
        const std::int64_t cut = cut_after(sorted, times.size() * (fold + 1) / (k + 1));
        for (std::size_t row = 0; row < times.size(); ++row) {
            const bool is_tested = fold_of[row] == fold;
            if (is_tested && times[row] > cut) out[fold].test.push_back(row);
            if (!is_tested && times[row] <= cut) out[fold].train.push_back(row);
        }
        HF_TRY(check_both_sides(out[fold], fold));
    }
    return out;
}

} // namespace holdfast::ml
