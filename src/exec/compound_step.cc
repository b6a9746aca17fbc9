#include "exec/compound_step.h"

#include <type_traits>

namespace lanewise::exec {
namespace {

using graph::Op;
using kernels::Apply;
using kernels::Argument;
using plan::Step;

template <class Operator, class... Operators>
constexpr int place_of(std::tuple<Operators...>*) {
  int place = -1, at = 0;
  ((place = std::is_same_v<Operator, Operators> ? at : place, ++at), ...);
  return place;
}

// Primitives of a kind are in the order of their operators.
template <class Operator>
constexpr Op op_of() {
  constexpr int unary = place_of<Operator>(static_cast<kernels::UnaryOperators*>(nullptr));
  constexpr int binary = place_of<Operator>(static_cast<kernels::BinaryOperators*>(nullptr));
  if constexpr (unary >= 0) return static_cast<Op>(static_cast<int>(Op::negative) + unary);
  else if constexpr (binary >= 0) return static_cast<Op>(static_cast<int>(Op::add) + binary);
  else if constexpr (std::is_same_v<Operator, kernels::Select>) return Op::where;
  else return Op::matmul;
}

// Compares an expression with the steps that end in one of them.
class Match {
 public:
  Match(const plan::Plan& plan, const std::function<bool(int)>& may_vanish, int last)
      : plan_(plan), may_vanish_(may_vanish), last_(last) {
    found_.arguments.fill(-1);
  }

  template <class Expression>
  bool fits() {
    return fits(Expression(), last_);
  }
  CompoundStep found(int which, int count) && {
    found_.which = which;
    found_.count = count;
    return std::move(found_);
  }

 private:
  template <int I>
  bool fits(Argument<I>, int step) {
    int& argument = found_.arguments[I];
    if (argument < 0) argument = step;
    return argument == step && plan_.steps[step].dtype == plan_.steps[last_].dtype;
  }

  template <class Operator, class... Operands>
  bool fits(Apply<Operator, Operands...>, int step) {
    const Step& s = plan_.steps[step];
    if (s.op != op_of<Operator>() || (step != last_ && !may_vanish_(step))) return false;
    if (s.op == Op::matmul && !is_outer_product(plan_, s)) return false;
    if (step != last_) found_.inner.push_back(step);
    const CompoundStep before = found_;
    if (fit_in_order<Operands...>(s, std::index_sequence_for<Operands...>())) return true;
    found_ = before;
    if constexpr (sizeof...(Operands) == 2)
      return is_commutative(s.op) && fits(first(Operands()...), s.operands[1]) &&
             fits(second(Operands()...), s.operands[0]);
    return false;
  }
  template <class... Operands, std::size_t... I>
  bool fit_in_order(const Step& s, std::index_sequence<I...>) {
    return (fits(Operands(), s.operands[I]) && ...);
  }
  template <class A, class B>
  static A first(A a, B) {
    return a;
  }
  template <class A, class B>
  static B second(A, B b) {
    return b;
  }
  static bool is_commutative(Op op) { return op == Op::add || op == Op::multiply; }

  const plan::Plan& plan_;
  const std::function<bool(int)>& may_vanish_;
  const int last_;
  CompoundStep found_{};
};

}  // namespace

bool is_outer_product(const plan::Plan& plan, const Step& s) {
  if (s.op != Op::matmul || s.shape.rank() != 2) return false;
  const plan::Extent inner = plan.steps[s.operands[0]].shape[1];
  return inner.scale == 0 && inner.offset == 1;
}

std::optional<CompoundStep> find_compound(const plan::Plan& plan, int last,
                                          const std::function<bool(int)>& may_vanish) {
  std::optional<CompoundStep> found;
  if (!is_float(plan.steps[last].dtype)) return found;
  int which = 0;
  const auto look_for = [&]<class Expression>(std::type_identity<Expression>) {
    if (Match match(plan, may_vanish, last); !found && match.fits<Expression>())
      found = std::move(match).found(which, kernels::compounds::kArguments<Expression>);
    ++which;
  };
  [&]<class... Expressions>(std::tuple<Expressions...>*) {
    (look_for(std::type_identity<Expressions>()), ...);
  }(static_cast<kernels::compounds::List*>(nullptr));
  return found;
}

}  // namespace lanewise::exec
