#pragma once

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/gateway/rest/keyspace.hpp>
#include <holdfast/history/keyspace.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/models/keyspace.hpp>
#include <holdfast/rules/keyspace.hpp>

#include <vector>

namespace holdfast::app {

// Of all modules that keep state in the log: it opens with these.
[[nodiscard]] inline std::vector<log::Keyspace> keyspaces() {
    return {alarms::kKeyspace,
            alarms::kAcknowledgementsKeyspace,
            alarms::kLabelsKeyspace,
            broker::kRetainedKeyspace,
            broker::kSessionsKeyspace,
            gateway::kAnswersKeyspace,
            gateway::kNotebooksKeyspace,
            history::kErasuresKeyspace,
            log::kGroupsKeyspace,
            models::kKeyspace,
            rules::kKeyspace};
}

} // namespace holdfast::app
