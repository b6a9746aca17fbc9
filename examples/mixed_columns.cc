// Categories and numbers in one network: will a visitor buy? A shop, whose taste nobody wrote
// down, and a price that is right only in a narrow range. An embedding learns the shops, a
// piecewise-linear encoding the range; batch normalisation keeps the layers in scale.
#include <lanewise/lanewise.h>

#include <cstdio>
#include <vector>

namespace lw = lanewise;
namespace nn = lanewise::nn;
using lw::Array;

namespace {

constexpr int64_t kShops = 30;

// x: shop 0 … 29, price 0 … 100. In half of the shops people buy at 40 … 60, else outside.
nn::FitData visits(int64_t rows, uint32_t seed) {
  lw::Generator generator(seed);
  const Array shop = generator.randint(0, kShops, {rows, 1});
  const Array price = generator.rand({rows, 1}) * 100;
  const Array odd = shop - 2 * astype(floor(shop / 2), lw::DType::int64);
  const Array buys = equal(odd == 1, abs(price - 50) < 10);
  return {concatenate({astype(shop, lw::DType::float32), astype(price, lw::DType::float32)}, 1),
          astype(buys, lw::DType::float32)};
}

}  // namespace

int main() {
  const nn::FitData train = visits(8000, 1), test = visits(4000, 2);
  // (m, 2) → price and a vector of 4 for the shop → 5 features; the price then in 10 bins.
  std::vector<double> tenths, no_bins = {0, 1};
  for (int edge = 0; edge <= 10; ++edge) tenths.push_back(10.0 * edge);
  const nn::Sequential network(
      2, {nn::embedding({{0, kShops, 4}}),
          nn::piecewise_linear({tenths, no_bins, no_bins, no_bins, no_bins}), nn::dense(32),
          nn::batch_norm(), nn::residual({nn::dense(32, nn::Activation::relu), nn::dense(32)}),
          nn::activation(nn::Activation::relu), nn::dense(1)});
  std::printf("%s", network.summary().c_str());

  lw::Generator generator(0);
  std::vector<Array> parameters;
  for (const nn::Parameter& p : network.init(generator)) parameters.push_back(p.value);
  nn::FitOptions options;
  options.optimizer.learning_rate = 0.005;
  options.epochs = 12;
  options.loss_options.smoothing = 0.02;
  options.on_epoch = [](const nn::EpochReport& report) {
    if (report.epoch % 4 == 0) std::printf("epoch %2d  loss %.4f\n", report.epoch, report.loss);
  };
  const nn::FitResult result = nn::fit(network, parameters, train, nullptr, options);

  const Array hit = (network(result.parameters, test.x) > 0) == (test.y > 0.5);
  const double accuracy = mean(astype(hit, lw::DType::float64)).item();
  std::printf("accuracy on other visits %.1f %%\n", 100 * accuracy);
  return accuracy > 0.95 ? 0 : 1;
}
