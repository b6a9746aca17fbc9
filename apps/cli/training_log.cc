#include "cli/training_log.h"

#include <cerrno>
#include <cstring>

#include "lanewise/error.h"

namespace lanewise::cli {

TrainingLog::TrainingLog(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "w"), std::fclose) {
  if (!file_) throw IoError(path, std::string("can't be written: ") + std::strerror(errno));
}

void TrainingLog::epoch(const nn::EpochReport& report) {
  Json members = Json::array();
  for (const nn::MemberReport& m : report.members)
    members.push_back({{"member", m.member},
                       {"loss", m.loss},
                       {"validation_loss", m.validation_loss},
                       {"best", m.best}});
  write({{"epoch", report.epoch},
         {"loss", report.loss},
         {"validation_loss", report.validation_loss},
         {"seconds", report.seconds},
         {"rows_per_second", report.rows_per_second},
         {"members", members}});
}

void TrainingLog::end(const Json& result) { write(result); }

void TrainingLog::write(const Json& line) {
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const size_t put = std::fwrite(text.data(), 1, text.size(), file_.get());
  if (put != text.size() || std::fflush(file_.get()) != 0)
    throw IoError(path_, std::string("can't be written: ") + std::strerror(errno));
}

}  // namespace lanewise::cli
