#include <holdfast/ml/training/tree_ensemble.hpp>

#include "ml/training/fitted_state.hpp"
#include "ml/training/training_input.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTreesMax = 100'000;
constexpr std::size_t kNodesMax = 1U << 20U;
constexpr std::size_t kLeafBytes = 1 + 8;
enum class NodeKind : std::uint8_t { leaf = 0, missing_right = 1, missing_left = 2 }; // on disk

void save_node(StateWriter& state, const TreeNode& node) {
    if (node.left == 0) {
        state.u8(static_cast<std::uint8_t>(NodeKind::leaf));
        state.number(node.value);
        return;
    }
    state.u8(static_cast<std::uint8_t>(node.is_missing_left ? NodeKind::missing_left
                                                            : NodeKind::missing_right));
    state.number(node.threshold);
    state.u32(node.feature);
    state.u32(node.left);
    state.u32(node.right);
}

// Children stand after their parent, so that every way down ends.
Result<TreeNode> read_node(StateReader& state, std::size_t at, std::size_t nodes,
                           std::size_t features) {
    TreeNode out;
    HF_TRY(const std::uint8_t kind, state.u8());
    if (kind > static_cast<std::uint8_t>(NodeKind::missing_left)) return StateReader::wrong();
    if (kind == static_cast<std::uint8_t>(NodeKind::leaf)) {
        HF_TRY(out.value, state.number());
        return out;
    }
    out.is_missing_left = kind == static_cast<std::uint8_t>(NodeKind::missing_left);
    HF_TRY(out.threshold, state.number());
    HF_TRY(out.feature, state.u32());
    HF_TRY(out.left, state.u32());
    HF_TRY(out.right, state.u32());
    if (out.feature >= features || out.left <= at || out.right <= at || out.left >= nodes ||
        out.right >= nodes)
        return StateReader::wrong();
    return out;
}

Result<Tree> read_tree(StateReader& state, std::size_t features) {
    HF_TRY(const std::size_t nodes, state.count(kNodesMax));
    if (nodes > state.remaining() / kLeafBytes) return StateReader::wrong();
    Tree out;
    out.nodes.reserve(nodes);
    for (std::size_t at = 0; at < nodes; ++at) {
        HF_TRY(const TreeNode node, read_node(state, at, nodes, features));
        out.nodes.push_back(node);
    }
    return out;
}

} // namespace

double Tree::leaf_value(std::span<const double> sample) const {
    const TreeNode* node = nodes.data();
    while (node->left != 0) {
        const double value = sample[node->feature];
        const bool is_left = std::isnan(value) ? node->is_missing_left : value <= node->threshold;
        node = nodes.data() + (is_left ? node->left : node->right);
    }
    return node->value;
}

TreeEnsemble::TreeEnsemble(Link link, double base, std::vector<Tree> trees,
                           std::vector<double> importance)
    : link_(link), base_(base), trees_(std::move(trees)), importance_(std::move(importance)) {}

double TreeEnsemble::predict(std::span<const double> sample) const {
    assert(sample.size() == features());
    double sum = base_;
    for (const Tree& tree : trees_) sum += tree.leaf_value(sample);
    switch (link_) {
        case Link::identity: return sum;
        case Link::probability: return std::clamp(sum, 0.0, 1.0);
        case Link::log_odds: return 1.0 / (1.0 + std::exp(-sum));
    }
    return sum;
}

void TreeEnsemble::save(Bytes& out) const {
    StateWriter state(out, kVersion);
    state.u8(static_cast<std::uint8_t>(link_));
    state.u32(features());
    state.number(base_);
    state.numbers(importance_);
    state.u32(trees_.size());
    for (const Tree& tree : trees_) {
        state.u32(tree.nodes.size());
        for (const TreeNode& node : tree.nodes) save_node(state, node);
    }
}

Result<TreeEnsemble> TreeEnsemble::read(ByteView bytes) {
    StateReader state(bytes);
    HF_TRY(state.version(kVersion));
    HF_TRY(const std::uint8_t link, state.u8());
    if (link > static_cast<std::uint8_t>(Link::log_odds)) return StateReader::wrong();
    HF_TRY(const std::size_t features, state.count(kFeaturesMax));
    HF_TRY(const double base, state.number());
    HF_TRY(std::vector<double> importance, state.numbers(features));
    if (std::ranges::any_of(importance, [](double part) { return part < 0.0 || part > 1.0; }))
        return StateReader::wrong();
    HF_TRY(const std::size_t count, state.count(kTreesMax));
    std::vector<Tree> trees;
    for (std::size_t i = 0; i < count; ++i) {
        HF_TRY(Tree tree, read_tree(state, features));
        trees.push_back(std::move(tree));
    }
    HF_TRY(state.end());
    return TreeEnsemble(static_cast<Link>(link), base, std::move(trees), std::move(importance));
}

Result<TreeEnsemble> TreeEnsemble::restore(ByteView bytes) {
    Result<TreeEnsemble> out = read(bytes);
    if (!out) return fail(Errc::corrupt, "trees: " + out.error().context);
    return out;
}

} // namespace holdfast::ml
