#include "app/backup_maker.hpp"

#include <holdfast/base/log_line.hpp>

#include <utility>

namespace holdfast::app {

BackupMaker::BackupMaker(Ground& ground, log::Log& log, BackupHistory* history, LinkTrained trained)
    : ground_(ground),
      log_(log),
      history_(history),
      trained_(std::move(trained)),
      made_(ground.metrics.counter("holdfast_backups", "Backups made.")),
      failed_(ground.metrics.counter("holdfast_backups_failed", "Backups that failed.")) {}

Result<gateway::BackupSize> BackupMaker::make(const std::filesystem::path& directory) {
    const auto made = make_backup(log_, history_, ground_.config.data_dir, directory, ground_.clock,
                                  ground_.stopping.get_token(), trained_);
    if (!made) {
        failed_.add();
        log_warn("app", "backup in {}: {}", directory.string(), made.error().context);
        return made.error();
    }
    made_.add();
    const BackupManifest& backup = made.value();
    log_info("app", "backup in {}: {} files, {} bytes", directory.string(), backup.files(),
             backup.bytes());
    return gateway::BackupSize{backup.files(), backup.bytes()};
}

} // namespace holdfast::app
