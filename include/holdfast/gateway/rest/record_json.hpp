#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/record/batch_view.hpp>

#include <string>

namespace holdfast::gateway {

// Adds the record as one line of NDJSON, with its line break: the form in which REST and the tools
// show records (docs/rest/records.md).
void write_record_json(std::string& out, PartitionIndex partition,
                       const record::RecordView& record);

} // namespace holdfast::gateway
