// Compounds: what programs often do with an element, several operations in one loop, so that what
// lies between them stays in registers. Each is an expression of its arguments, written as a type:
// its loop is made of it, and whoever runs operations one after the other recognises it by its
// shape. Its elements have the bits that its operations one by one would give.
#pragma once

#include <algorithm>
#include <cmath>
#include <tuple>

#include "kernels/elementwise/operators.h"
#include "kernels/loop_nest.h"

namespace lanewise::kernels {

template <int I>
struct Argument {};
template <class Operator, class... Operands>
struct Apply {};

struct Select {
  template <class T>
  LANEWISE_INLINE T operator()(bool condition, T a, T b) const {
    return condition ? a : b;
  }
};
// What a product whose rows and columns have one element each makes of them: a chain of one
// multiply-add, from zero.
struct OuterProduct {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    return std::fma(a, b, T{0});
  }
};

namespace compounds {

using A = Argument<0>;
using B = Argument<1>;
using C = Argument<2>;
using D = Argument<3>;
using E = Argument<4>;
using F = Argument<5>;

template <class G, class Y, class One>
using TanhSlope = Apply<Multiply, G, Apply<Subtract, One, Apply<Multiply, Y, Y>>>;
template <class G, class Y, class One>
using SigmoidSlope = Apply<Multiply, G, Apply<Multiply, Y, Apply<Subtract, One, Y>>>;
template <class G, class Least, class Y, class Zero>
using ReluSlope = Apply<Select, Apply<Less, Least, Y>, G, Zero>;
template <class Mean, class X, class Share>
using Lerp = Apply<Add, Mean, Apply<Multiply, Apply<Subtract, X, Mean>, Share>>;
using AdamStep =
    Apply<Subtract, A,
          Apply<Divide, Apply<Multiply, B, C>, Apply<Add, Apply<Multiply, Apply<Sqrt, D>, E>, F>>>;

// Longer ones first: the first that fits is taken.
using List = std::tuple<AdamStep,                                       //
                        TanhSlope<Apply<OuterProduct, A, B>, C, D>,     //
                        SigmoidSlope<Apply<OuterProduct, A, B>, C, D>,  //
                        ReluSlope<Apply<OuterProduct, A, B>, C, D, E>,  //
                        Lerp<A, Apply<Multiply, B, B>, C>,              //
                        TanhSlope<A, B, C>, SigmoidSlope<A, B, C>,      //
                        Lerp<A, B, C>, ReluSlope<A, B, C, D>,           //
                        Apply<Add, Apply<Multiply, A, B>, C>,           //
                        Apply<Subtract, Apply<Multiply, A, B>, C>,      //
                        Apply<Subtract, A, Apply<Multiply, B, C>>,      //
                        Apply<Multiply, Apply<Add, A, B>, C>,           //
                        Apply<Multiply, Apply<Subtract, A, B>, C>,      //
                        Apply<Divide, Apply<Subtract, A, B>, C>,        //
                        Apply<OuterProduct, A, B>>;

template <class Expression>
inline constexpr int kArguments = 0;
template <int I>
inline constexpr int kArguments<Argument<I>> = I + 1;
template <class Operator, class... Operands>
inline constexpr int kArguments<Apply<Operator, Operands...>> = std::max({kArguments<Operands>...});

inline constexpr int kCount = std::tuple_size_v<List>;
inline constexpr int kMostArguments = []<class... Expressions>(std::tuple<Expressions...>*) {
  return std::max({kArguments<Expressions>...});
}(static_cast<List*>(nullptr));

}  // namespace compounds

namespace fast {
// Of compounds::List[which]; its operands are the arguments, side by side or one number each, then
// the result. dtype: a float.
Loop compound_loop(int which, DType dtype);
}  // namespace fast

}  // namespace lanewise::kernels
