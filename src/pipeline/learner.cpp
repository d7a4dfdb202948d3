#include "pipeline/learner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast::pipeline {
namespace {

// Pearson's, over the rows that have both; 0 where one of them is constant there.
double correlation(std::span<const double> a, std::span<const double> b) {
    double count = 0;
    double mean_a = 0;
    double mean_b = 0;
    double squares_a = 0;
    double squares_b = 0;
    double products = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::isnan(a[i]) || std::isnan(b[i])) continue;
        count += 1;
        const double from_a = a[i] - mean_a;
        const double from_b = b[i] - mean_b;
        mean_a += from_a / count;
        mean_b += from_b / count;
        squares_a += from_a * (a[i] - mean_a);
        squares_b += from_b * (b[i] - mean_b);
        products += from_a * (b[i] - mean_b);
    }
    if (squares_a <= 0 || squares_b <= 0) return 0;
    return products / std::sqrt(squares_a) / std::sqrt(squares_b);
}

// Features that say something of the target, the most telling first, without those that say nearly
// the same as one before.
std::vector<std::size_t> select(const config::PipelineFile& file, const ml::Table& x,
                                std::span<const double> y) {
    std::vector<std::size_t> order(x.columns());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (file.target_correlation_min <= 0 && file.mutual_correlation_max >= 1) return order;
    std::vector<double> with_target;
    for (const std::size_t at : order)
        with_target.push_back(std::abs(correlation(x.column(at), y)));
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return with_target[a] != with_target[b] ? with_target[a] > with_target[b] : a < b;
    });
    std::vector<std::size_t> out;
    for (const std::size_t at : order) {
        if (with_target[at] < file.target_correlation_min) break;
        const auto is_told = [&](std::size_t other) {
            return std::abs(correlation(x.column(at), x.column(other))) >
                   file.mutual_correlation_max;
        };
        if (file.mutual_correlation_max >= 1 || std::ranges::none_of(out, is_told))
            out.push_back(at);
    }
    std::ranges::sort(out);
    return out;
}

ml::Table columns_of(const ml::Table& x, std::span<const std::size_t> columns) {
    ml::Table out(x.rows(), columns.size());
    for (std::size_t at = 0; at < columns.size(); ++at)
        std::ranges::copy(x.column(columns[at]), out.column(at).begin());
    return out;
}

bool needs_preparation(const ml::Algorithm& algorithm) {
    return std::holds_alternative<ml::LinearSettings>(algorithm) ||
           std::holds_alternative<ml::LogisticSettings>(algorithm);
}

struct Weights {
    std::span<const double> operator()(const ml::TreeEnsemble& model) const {
        return model.importance();
    }
    std::span<const double> operator()(const auto& model) const { return model.weights(); }
};

} // namespace

Result<Learner> Learner::fit(const Plan& plan, const ml::Algorithm& algorithm, const ml::Table& x,
                             std::span<const double> y, std::span<const std::size_t> rows,
                             const ml::RunControl& control) {
    std::vector<double> targets;
    for (const std::size_t row : rows) targets.push_back(y[row]);
    ml::Table own = x.select(rows);
    std::vector<std::size_t> columns = select(plan.file, own, targets);
    if (columns.empty())
        return fail(Errc::malformed, "no feature correlates with the target as select demands");
    if (columns.size() != own.columns()) own = columns_of(own, columns);
    std::optional<ml::Preparation> preparation;
    if (needs_preparation(algorithm)) {
        HF_TRY(preparation, ml::Preparation::fit(own));
        own = preparation->apply(own);
    }
    auto predictor = ml::fit(algorithm, own, targets, control);
    if (!predictor) return std::move(predictor).error();
    return Learner{std::move(columns), std::move(preparation), std::move(predictor).value()};
}

std::vector<double> Learner::predict(const ml::Table& x, std::span<const std::size_t> rows) const {
    std::vector<double> out;
    out.reserve(rows.size());
    std::vector<double> sample(columns.size());
    for (const std::size_t row : rows) {
        for (std::size_t at = 0; at < columns.size(); ++at) sample[at] = x(row, columns[at]);
        if (preparation) preparation->apply(sample);
        out.push_back(ml::predict(predictor, sample));
    }
    return out;
}

std::vector<double> Learner::importance() const {
    const std::span<const double> weights = std::visit(Weights{}, predictor);
    double sum = 0;
    for (const double weight : weights) sum += std::abs(weight);
    std::vector<double> out;
    for (const double weight : weights) out.push_back(sum > 0 ? std::abs(weight) / sum : 0);
    return out;
}

} // namespace holdfast::pipeline
