// lanewise explain: why shapes broadcast, or don't.
#include <memory>

#include "cli/command.h"
#include "lanewise/error.h"
#include "lanewise/shape.h"

namespace lanewise::cli {
namespace {

Json to_json(const ShapeExpression& e) {
  Json json = {{"ok", e.ok}, {"shape", nullptr}, {"error", nullptr}, {"warnings", Json::array()}};
  if (e.ok) json["shape"] = std::vector<int64_t>(e.shape.begin(), e.shape.end());
  if (!e.ok) json["error"] = e.error;
  for (const ShapeWarning& w : e.warnings)
    json["warnings"].push_back({{"name", w.name}, {"text", w.text}});
  return json;
}

int explain(const std::string& expression, const Output& output) {
  const ShapeExpression explained = explain_expression(expression);
  std::string text = explained.text;
  if (!text.ends_with("\n")) text += "\n";
  output.result(text, to_json(explained));
  return explained.ok ? kDone : kFailed;
}

}  // namespace

Run add_explain(CommandLine& line) {
  auto expression = std::make_shared<std::string>();
  line.group()
      .value("EXPRESSION", *expression, "", "shapes with + - * / @ and parentheses")
      .required();
  line.footer(R"text(
Examples:
  lanewise explain "(8,1,6,1) + (7,1,5)"
  lanewise explain "(64,100) @ (100,1000) + (64,1)"
The exit code is 1 where the shapes clash, 2 where the expression can't be read.)text");
  return [expression](Output& output) { return explain(*expression, output); };
}

}  // namespace lanewise::cli
