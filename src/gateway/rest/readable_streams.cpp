#include <gateway/rest/readable_streams.hpp>

#include <holdfast/gateway/http/caller.hpp>

#include <algorithm>

namespace holdfast::gateway {

ReadableStreams ReadableStreams::of(const log::Log& log, const HttpRequest& request) {
    ReadableStreams out;
    const auto wanted = request.query_value("stream");
    for (const auto& stream : log.streams()) {
        const std::string& name = stream->settings.name;
        if ((!wanted || *wanted == name) &&
            request.caller->rights.allows(access::Action::read, access::Resource::stream(name)))
            out.all.emplace_back(name, stream->id);
    }
    std::sort(out.all.begin(), out.all.end());
    return out;
}

const std::string& ReadableStreams::name_of(StreamId id) const {
    return std::find_if(all.begin(), all.end(),
                        [id](const auto& each) { return each.second == id; })
        ->first;
}

} // namespace holdfast::gateway
