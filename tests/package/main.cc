#include <lanewise/lanewise.h>

#include <cstdio>

int main() {
  const lanewise::Shape shape = lanewise::broadcast_shapes({{3, 1}, {4}});
  std::puts(lanewise::to_string(shape).c_str());
  return shape == lanewise::Shape{3, 4} ? 0 : 1;
}
