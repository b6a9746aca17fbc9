// What a sweep must not do: allocate in a second run, or hold a value of all samples.
#include "exec/fused.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <tuple>

#include "base/testing.h"
#include "graph/build.h"
#include "kernels/reduce/monoid.h"

namespace {
std::atomic<int64_t> allocations{0};
}

// Not inlined: GCC would see free() meet what new returned, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace lanewise::exec {
namespace {

using namespace graph;

constexpr int64_t kSamples = 20'000, kFeatures = 24, kUnits = 40;

// A step of a network with one layer: the loss and the gradient of W.
Program training_step(int64_t m) {
  const NodePtr x = input(DType::float32, {m, kFeatures}),
                w = input(DType::float32, {kFeatures, kUnits});
  const NodePtr a = unary(Op::tanh, matmul(x, w));
  const NodePtr slope = binary(Op::subtract, a, binary(Op::multiply, a, a));
  return {{x, w}, {reduce(Op::sum, a, {}, false), matmul(transpose(x, {1, 0}), slope)}};
}

struct Prepared {
  std::unique_ptr<const Executable> executable;
  std::vector<Tensor> inputs, outputs;
  Workspace workspace;
  void run() { executable->run(inputs, outputs, workspace); }
};

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

Prepared prepare(const Backend& backend, int64_t samples = kSamples) {
  Prepared p;
  p.executable = backend.compile(
      plan::make_plan(training_step(plan::kTraceRows[0]), training_step(plan::kTraceRows[1])));
  for (const Shape& shape : {Shape{samples, kFeatures}, Shape{kFeatures, kUnits}}) {
    p.inputs.push_back(Tensor::empty(DType::float32, shape));
    float* x = p.inputs.back().as<float>();
    for (int64_t i = 0; i < p.inputs.back().size(); ++i)
      x[i] = 0.001f * static_cast<float>(i * 7 % 113 - 56);
  }
  p.outputs.resize(2);
  return p;
}

TEST(Fused, ASecondRunAllocatesNothing) {
  Prepared p = prepare(backend("fused"));
  p.run();
  p.run();  // whichever thread comes first has its memory now
  const int64_t before = allocations;
  p.run();
  EXPECT_EQ(allocations - before, 0);
}

TEST(Fused, NoValueOfAllSamplesIsHeld) {
  Prepared p = prepare(backend("fused"));
  p.run();
  int64_t bytes = 0;
  for (const Tensor& slot : p.workspace.slots)
    if (slot) bytes += slot.bytes();
  EXPECT_LT(bytes, kSamples);  // not one byte a sample
}

// The hidden layer alone would be 160 MB.
TEST(Fused, AnEpochOfAMillionSamplesNeedsLittleMemory) {
  Prepared p = prepare(backend("fused"), 1'000'000);
  const int64_t before = peak_memory();
  p.run();
  EXPECT_LT(peak_memory() - before, 64 << 20);
}

TEST(Fused, TheDumpSaysWhatAStageDoes) {
  const std::string text = to_text(prepare(backend("fused")).executable->report(nullptr));
  for (const char* part : {"stages: 1", "stage 0: tiles of", "product with packed panels",
                           "product over the samples", "reduction over the samples"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
}

TEST(Fused, ASampleCostsTheSameInAPlanForOneM) {
  const auto cost = [](const Executable& executable) {
    const PlanReport::Stage stage = executable.report(nullptr).stages.at(0);
    return std::tuple(stage.flops, stage.read_bytes, stage.written_bytes);
  };
  const auto for_one = backend("fused").compile(plan::make_plan(training_step(kSamples)));
  EXPECT_EQ(cost(*for_one), cost(*prepare(backend("fused")).executable));
}

TEST(Fused, TheReportSaysWhatARunTook) {
  Prepared p = prepare(backend("fused"));
  EXPECT_FALSE(p.executable->report(nullptr).stages.at(0).seconds);
  p.workspace.measured = true;
  p.run();
  const PlanReport report = p.executable->report(&p.workspace);
  EXPECT_EQ(report.samples, kSamples);
  const PlanReport::Stage& stage = report.stages.at(0);
  EXPECT_GT(stage.seconds.value(), 0);
  double shares = stage.share_of_tiles.value();
  for (const PlanReport::Instruction& in : stage.instructions) shares += in.share.value();
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_NE(to_text(report).find(" ms: "), std::string::npos);
  p.inputs[0].shape[0] = 10;
  p.run();
  EXPECT_EQ(p.executable->report(&p.workspace).note, "few samples: ran whole-array");
}

TEST(Fused, OneBlockHasTheBitsOfWholeArrays) {
  for (int64_t samples : {int64_t{1}, int64_t{500}, kSamples}) {
    std::vector<Tensor> results[2];
    for (int k : {0, 1}) {
      Prepared p = prepare(backend(k == 0 ? "fused" : "vectorized"));
      p.inputs[0].shape[0] = samples;
      p.run();
      results[k] = p.outputs;
    }
    const float a = *results[0][0].as<float>(), b = *results[1][0].as<float>();
    if (samples <= kernels::kBlock) EXPECT_EQ(a, b) << samples;
    else EXPECT_NEAR(a, b, 1e-3 * std::abs(b)) << samples;
  }
}

// Steps of three networks on one batch: parts, which threads share.
Program networks(int64_t m) {
  Program program = training_step(m);
  const NodePtr x = program.inputs[0];
  for (int k = 0; k < 2; ++k) {
    const NodePtr w = input(DType::float32, {kFeatures, kUnits});
    const NodePtr a = unary(Op::tanh, matmul(x, w));
    program.inputs.push_back(w);
    program.outputs.push_back(matmul(transpose(x, {1, 0}), a));
  }
  return program;
}

TEST(Fused, PartsHaveTheBitsOfTheWhole) {
  std::vector<std::vector<Tensor>> results;
  for (const int threads : {1, 2, 5}) {
    const WithThreads with(threads);
    Prepared p = prepare(backend("fused"), 200);
    p.executable = backend("fused").compile(
        plan::make_plan(networks(plan::kTraceRows[0]), networks(plan::kTraceRows[1])));
    p.inputs.resize(4, p.inputs[1]);
    p.outputs.resize(4);
    p.run();
    results.push_back(p.outputs);
  }
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t run : {1, 2})
      for (int64_t i = 0; i < results[0][k].size(); ++i)
        ASSERT_EQ(results[run][k].as<float>()[i], results[0][k].as<float>()[i]) << k << " " << i;
}

}  // namespace
}  // namespace lanewise::exec
