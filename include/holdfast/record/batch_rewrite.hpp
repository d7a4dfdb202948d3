#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::record {

// The batch with the records for which `keeps` says so (one each, in order), at their offsets: base
// offset, last offset delta, codec and producer stay, and so do the times of records. With
// `delete_horizon_ms` it also says from when on its tombstones may go (KIP-534), which stands in
// the place of the base timestamp. At least one record is kept: asserted. Errors: as BatchView.
[[nodiscard]] Result<Bytes> rewrite_batch(ByteView batch, const std::vector<bool>& keeps,
                                          std::optional<std::int64_t> delete_horizon_ms);

// The batch without the records for which `keeps` does not say so, at their offsets, perhaps with
// none: all that its header says of the batch as a whole stays, also the span of its times.
// Errors: as BatchView.
[[nodiscard]] Result<Bytes> thin_batch(ByteView batch, const std::vector<bool>& keeps);

} // namespace holdfast::record
