#include <utility>

#include "data/table_source.h"
#include "data/worker.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

class TablesAhead : public TableSource {
 public:
  TablesAhead(std::unique_ptr<TableSource> source, int depth)
      : source_(std::move(source)), handover_(depth) {
    thread_ = quiet_thread([this] {
      try {
        for (bool more = true; more;) {
          Table part = source_->pull(INT64_MAX);
          part.warnings = source_->warnings();
          more = part.rows > 0;
          if (!handover_.put({std::move(part), nullptr})) return;
        }
        handover_.close();
      } catch (...) {
        handover_.put({{}, std::current_exception()});
      }
    });
  }
  ~TablesAhead() override {
    handover_.close();
    thread_.join();
  }

  Table pull(int64_t count) override {
    if (error_) std::rethrow_exception(error_);
    if (parts_.done()) refill();
    return parts_.next(count);
  }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  // What the thread made, or why it couldn't.
  struct Made {
    Table part;
    std::exception_ptr error;
  };

  void refill() {
    std::optional<Made> next = handover_.take();
    if (!next) return;
    if (next->error) std::rethrow_exception(error_ = next->error);
    warnings_ = std::exchange(next->part.warnings, {});
    parts_.take(std::move(next->part));
  }

  const std::unique_ptr<TableSource> source_;
  Handover<Made> handover_;
  TableParts parts_;
  std::vector<std::string> warnings_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<TableSource> read_ahead(std::unique_ptr<TableSource> source, int depth) {
  if (depth < 1) throw ValueError("read_ahead: depth must be 1 or more");
  return std::make_unique<TablesAhead>(std::move(source), depth);
}

}  // namespace lanewise
