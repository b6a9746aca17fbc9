// In which order steps on whole arrays run.
#include "exec/whole_steps.h"

#include <gtest/gtest.h>

#include "graph/arithmetic.h"

namespace lanewise::exec {
namespace {

using namespace graph;

NodePtr lerp(const NodePtr& mean, const NodePtr& x, const NodePtr& share) {
  return add(mean, mul(sub(x, mean), share));
}

// Adam's, whose new weights read both new moments.
TEST(WholeSteps, AnUpdateIsALoopForEachResult) {
  const Shape shape = {4, 3};
  std::vector<NodePtr> in;
  for (int i = 0; i < 4; ++i) in.push_back(input(DType::float32, shape));
  for (int i = 0; i < 3; ++i) in.push_back(input(DType::float32, {}));
  const NodePtr &p = in[0], &g = in[1], &a = in[4], &b = in[5], &epsilon = in[6];
  const NodePtr m = lerp(in[2], g, a);
  const NodePtr rise = mul(b, m);
  const NodePtr v = lerp(in[3], mul(g, g), b);
  const NodePtr step = div(rise, add(mul(unary(Op::sqrt, v), a), epsilon));
  const plan::PlanPtr plan = plan::make_plan(Program{in, {sub(p, step), m, v}});

  std::vector<int> steps;
  for (int i = 0; i < static_cast<int>(plan->steps.size()); ++i)
    if (can_join_pass(plan->steps[i])) steps.push_back(i);
  const std::vector<Moment> moments = WholeSteps(*plan, steps).moments();
  ASSERT_EQ(moments.size(), 1U);
  ASSERT_EQ(moments[0].groups.size(), 1U);
  EXPECT_EQ(moments[0].groups[0].size(), steps.size());
  EXPECT_EQ(make_elementwise_pass(*plan, moments[0].groups[0]).operations.size(), 3U);
}

}  // namespace
}  // namespace lanewise::exec
