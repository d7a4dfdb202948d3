// Invariant: bytes that are no model file are refused, or give a model that is written as the same
// bytes, and whose predictions end, whatever comes. The checksum is put right before, or no input
// would come past it.
#include <holdfast/base/crc32c.hpp>
#include <holdfast/ml/training/model_file.hpp>

#include <cstdlib>
#include <limits>
#include <vector>

using namespace holdfast;

namespace {

constexpr std::size_t kHeaderBytes = 24;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Predict {
    const std::vector<double>& sample;
    void operator()(const ml::KMeans& model) const {
        require(model.nearest(sample).cluster < model.clusters());
    }
    void operator()(const ml::PrincipalComponents& model) const {
        require(!(model.residual(sample) < 0.0));
    }
    void operator()(const auto& model) const { static_cast<void>(model.predict(sample)); }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(reinterpret_cast<const std::byte*>(data), size);
    static_cast<void>(ml::decode_model(input));
    if (size < kHeaderBytes) return 0;
    Bytes file(input.begin(), input.end());
    store_u64_be(file.data() + 12, size - kHeaderBytes);
    store_u32_be(file.data() + 20, crc32c(ByteView(file).subspan(kHeaderBytes)));
    const auto model = ml::decode_model(file);
    if (!model) return 0;
    require(ml::encode_model(model.value()) == file);
    for (const double value : {0.0, -3.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
        const bool is_missing = !(value == value);
        if (is_missing && !std::holds_alternative<ml::TreeEnsemble>(model.value().model)) continue;
        const std::vector<double> sample(model.value().features.size(), value);
        std::visit(Predict{sample}, model.value().model);
    }
    return 0;
}
