#include "log/stream_uuid.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <cstring>

namespace holdfast::log {

StreamUuid make_uuid() {
    const boost::uuids::uuid made = boost::uuids::random_generator()();
    StreamUuid uuid;
    std::memcpy(uuid.data(), made.data, uuid.size());
    return uuid;
}

std::string to_string(const StreamUuid& uuid) {
    boost::uuids::uuid shown;
    std::memcpy(shown.data, uuid.data(), uuid.size());
    return boost::uuids::to_string(shown);
}

} // namespace holdfast::log
