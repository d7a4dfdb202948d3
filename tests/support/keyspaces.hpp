#pragma once

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/gateway/rest/keyspace.hpp>
#include <holdfast/history/keyspace.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/models/keyspace.hpp>
#include <holdfast/rules/keyspace.hpp>

#include <vector>

namespace holdfast::test {

// Of a test that keeps state without caring whose it is.
inline constexpr log::Keyspace kFirstKeyspace{"first"};
inline constexpr log::Keyspace kSecondKeyspace{"second"};

// These and all that the modules have, for a log under any of them.
[[nodiscard]] inline std::vector<log::Keyspace> all_keyspaces() {
    return {kFirstKeyspace,
            kSecondKeyspace,
            alarms::kKeyspace,
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

} // namespace holdfast::test
