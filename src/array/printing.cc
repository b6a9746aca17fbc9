// Arrays as text, laid out as NumPy does: brackets by axis, columns aligned,
// the middle of long axes left out.
#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "array/tensors.h"
#include "lanewise/array.h"

namespace lanewise {
namespace {

constexpr int64_t kSummarizeAbove = 1000;
constexpr int64_t kEdge = 3;  // entries kept at either end of a summarised axis

int64_t shown(int64_t extent, bool summarize) {
  return summarize && extent > 2 * kEdge ? 2 * kEdge : extent;
}
int64_t position(int64_t i, int64_t extent, bool summarize) {
  return shown(extent, summarize) == extent || i < kEdge ? i : extent - 2 * kEdge + i;
}

class Printer {
 public:
  explicit Printer(const Tensor& t) : t_(t), summarize_(t.size() > kSummarizeAbove) {}

  std::string text() {
    format_entries(0, 0);
    for (const std::string& entry : entries_) width_ = std::max(width_, entry.size());
    return nested(0);
  }

 private:
  void format_entries(int axis, int64_t offset) {
    if (axis == t_.rank()) return entries_.push_back(entry(offset));
    for (int64_t i = 0; i < shown(t_.shape[axis], summarize_); ++i)
      format_entries(axis + 1, offset + position(i, t_.shape[axis], summarize_) * t_.strides[axis]);
  }

  std::string entry(int64_t offset) const {
    return with_type(t_.dtype, [&](auto type) -> std::string {
      using T = typename decltype(type)::type;
      const T value = t_.as<T>()[offset];
      if constexpr (std::is_same_v<T, bool>) return value ? "True" : "False";
      else if constexpr (std::is_integral_v<T>)
        return fmt::format("{}", static_cast<int64_t>(value));
      else return number(static_cast<double>(value));
    });
  }

  std::string number(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    const int digits = t_.dtype == DType::float32 ? 6 : 8;
    std::string text = fmt::format("{:.{}g}", value, digits);
    return text.find_first_of(".e") == std::string::npos ? text + "." : text;
  }

  std::string nested(int axis) {
    if (axis == t_.rank()) return fmt::format("{:>{}}", entries_[next_++], width_);
    const int64_t extent = t_.shape[axis], count = shown(extent, summarize_);
    const bool innermost = axis + 1 == t_.rank();
    const std::string gap =
        innermost ? " " : std::string(t_.rank() - axis - 1, '\n') + std::string(axis + 1, ' ');
    std::string text = "[";
    for (int64_t i = 0; i < count; ++i) {
      if (i > 0) text += gap;
      if (count < extent && i == kEdge) text += "..." + gap;
      text += nested(axis + 1);
    }
    return text + "]";
  }

  const Tensor& t_;
  bool summarize_;
  std::vector<std::string> entries_;
  std::size_t width_ = 0, next_ = 0;
};

}  // namespace

std::string to_string(const Array& a) { return Printer(a.tensor()).text(); }
std::ostream& operator<<(std::ostream& out, const Array& a) { return out << to_string(a); }

}  // namespace lanewise
