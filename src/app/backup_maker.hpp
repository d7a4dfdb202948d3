#pragma once

#include "app/backup.hpp"
#include "app/ground.hpp"

#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>

#include <filesystem>

namespace holdfast::app {

// Makes the backups that clients of the server ask for, counts and reports them. Ground, log and
// history, which may be null, outlive it.
class BackupMaker {
public:
    BackupMaker(Ground& ground, log::Log& log, BackupHistory* history, LinkTrained trained);

    // Errors as make_backup(). Takes its time; one at a time.
    [[nodiscard]] Result<gateway::BackupSize> make(const std::filesystem::path& directory);

private:
    Ground& ground_;
    log::Log& log_;
    BackupHistory* const history_;
    const LinkTrained trained_;
    Counter& made_;
    Counter& failed_;
};

} // namespace holdfast::app
