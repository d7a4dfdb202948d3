#pragma once

#include <gateway/rest/record_append.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/influx/line.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::gateway {

// The tags whose value is the device, the first that a line has: "machine, host" of a request's
// header, else `device` and `host`.
[[nodiscard]] std::vector<std::string> device_tags(std::string_view header);

// A point as the record that docs/rest/influx.md describes:
//
//     mem,host=web1,site=north used=7i 1714554000000000000
//     key web1, header ts=1714554000000, {"mem":{"used":7},"tags":{"site":"north"}}
//
// A point without a tag of a device is its own: measurement and tags are its key. A float keeps a
// point, so that it is read as one. Errors: malformed (measurement `tags`; a time outside of 1970
// to 9999).
[[nodiscard]] Result<NewRecord> influx_record(const influx::Line& line,
                                              const std::vector<std::string>& device_tags);

} // namespace holdfast::gateway
