#include "app/backup_maker.hpp"

#include "app/backup.hpp"

#include <holdfast/base/log_line.hpp>

namespace holdfast::app {

BackupMaker::BackupMaker(Ground& ground, log::Log& log)
    : ground_(ground),
      log_(log),
      made_(ground.metrics.counter("holdfast_backups", "Backups made.")),
      failed_(ground.metrics.counter("holdfast_backups_failed", "Backups that failed.")) {}

Result<gateway::BackupSize> BackupMaker::make(const std::filesystem::path& directory) {
    const auto made = make_backup(log_, ground_.config.data_dir, directory, ground_.clock,
                                  ground_.stopping.get_token());
    if (!made) {
        failed_.add();
        log_warn("app", "backup in {}: {}", directory.string(), made.error().context);
        return made.error();
    }
    made_.add();
    const BackupManifest& backup = made.value();
    log_info("app", "backup in {}: {} files, {} bytes", directory.string(), backup.files.size(),
             backup.bytes());
    return gateway::BackupSize{backup.files.size(), backup.bytes()};
}

} // namespace holdfast::app
