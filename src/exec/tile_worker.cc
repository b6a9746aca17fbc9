#include "exec/tile_worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <new>
#include <span>

#include "exec/step_kernels.h"
#include "kernels/matmul/bfloat16_product.h"
#include "kernels/movement/stream.h"
#include "kernels/reduce/sum_of_products.h"

namespace lanewise::exec {

using Kind = Instruction::Kind;

namespace {

// Adds the time until its end to entry `at` of a table of nanoseconds that threads share, or does
// nothing where there is none.
class Timer {
 public:
  Timer(int64_t* table, std::size_t at) : entry_(table ? table + at : nullptr) {
    if (entry_) begin_ = Clock::now();
  }
  ~Timer() {
    if (entry_) std::atomic_ref(*entry_) += std::chrono::nanoseconds(Clock::now() - begin_).count();
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  int64_t* entry_;
  Clock::time_point begin_;
};

}  // namespace

TileWorker::TileWorker(const StageProgram& program, const Run& run, int64_t samples,
                       StageMemory& memory, int64_t held)
    : program_(program),
      run_(run),
      plan_(run.plan()),
      samples_(samples),
      panels_(memory.panels.data),
      nanoseconds_(memory.nanoseconds.empty() ? nullptr : memory.nanoseconds.data()),
      held_(held),
      scratch_(static_cast<std::size_t>(program.thread_bytes)),
      view_memory_(plan_.steps.size() * sizeof(View)),
      views_(reinterpret_cast<View*>(view_memory_.data())) {
  for (const External& e : program.externals)
    if (e.axis < 0) views_[e.step] = run.view(e.step);
  for (const Chain& chain : program.chains) new (this->memory(chain.open)) OpenChain;
  begin_folds(false);
}

void TileWorker::run_chunk(int64_t begin, int64_t end, bool last, std::byte* result) {
  for (const Instruction& in : program_.instructions)
    if (in.counts()) new (&counter(in)) StateCounter(in.fold, memory(in.levels));
  const int64_t length = program_.folds() ? kernels::kBlock : end - begin;
  for (int64_t block = begin; block < end; block += length) {
    run_block(block, std::min(end, block + length));
    for (const Instruction& in : program_.instructions)
      if (in.counts()) counter(in).push(state(in));
  }
  kernels::fast::end_streams();
  for (const Instruction& in : program_.instructions)
    if (in.counts()) counter(in).finish(result + in.partial);
    else if (lanes_ || !in.goes_on()) continue;
    else if (last)
      in.fold.kernels.finish(in.fold.size, memory(in.accumulator), result + in.partial);
    else std::memset(result + in.partial, 0, static_cast<std::size_t>(in.fold.state_bytes()));
  if (last) begin_folds(false);
}

void TileWorker::run_only_block() {
  only_block_ = true;
  run_block(0, samples_);
  kernels::fast::end_streams();
  finish_folds(false);
  for (const Instruction& in : program_.instructions)
    if (in.kind == Kind::fold && !grows_in_place(in))
      store_result(in.fold, state(in), run_.kernels(), run_.view(in.step));
}

// The state of the only block that has the form of its value grows where that belongs.
bool TileWorker::grows_in_place(const Instruction& in) const {
  return only_block_ && in.fold.product && !in.fold.transposed;
}
std::byte* TileWorker::state(const Instruction& in) const {
  return grows_in_place(in) ? run_.view(in.step).data : memory(in.state);
}

void TileWorker::begin_folds(bool in_blocks) {
  for (int at : program_.reductions)
    if (const Instruction& in = program_.instructions[at];
        in.fold.kernels.needs_blocks == in_blocks)
      in.fold.kernels.begin(in.fold.size, memory(in.accumulator));
}
void TileWorker::finish_folds(bool in_blocks) {
  for (int at : program_.reductions)
    if (const Instruction& in = program_.instructions[at];
        in.fold.kernels.needs_blocks == in_blocks)
      in.fold.kernels.finish(in.fold.size, memory(in.accumulator), state(in));
}

void TileWorker::run_block(int64_t begin, int64_t end) {
  begin_folds(true);
  const int64_t tile = passes_through(begin, end) ? end - begin : program_.tile;
  for (first_ = begin; first_ < end; first_ += tile) {
    in_block_ = first_ - begin;
    {
      const Timer timer(nanoseconds_, program_.instructions.size());
      lay_out(std::min(tile, end - first_));
      move_to(first_);
    }
    run_tile();
  }
  finish_folds(true);
}

// Whether nothing of these samples stays in the thread's memory: one chain takes in a feature after
// the other, and its results leave. Then they are one tile, since memory gives the long runs of a
// few features faster than the short ones of many.
bool TileWorker::passes_through(int64_t begin, int64_t end) {
  if (program_.samples_outermost || program_.chains.size() != 1) return false;
  const Chain& chain = program_.chains[0];
  const auto instructions = static_cast<int>(program_.instructions.size());
  if (chain.features == 1 || chain.begin != 0 || chain.end != instructions) return false;
  first_ = begin;
  lay_out(end - begin);
  move_to(begin);
  const auto results = static_cast<int64_t>(chain.pass.outside.size()) - chain.pass.read;
  return opened(chain).runs &&
         results == std::count_if(program_.instructions.begin(), program_.instructions.end(),
                                  [&](const Instruction& in) { return leaves_chain(in, chain); });
}

void TileWorker::lay_out(int64_t count) {
  if (count == count_) return;
  count_ = count;
  for (const External& e : program_.externals) {
    if (e.axis < 0) continue;
    if (is_loaded(e)) lay_out_here(e.tile, e.axis, e.buffer, views_[e.step]);
    else views_[e.step] = tile_of(run_.view(e.step), e.axis, held_);
  }
  for (const Instruction& in : program_.instructions) lay_out(in);
}

View TileWorker::tile_of(const View& whole, int axis, int64_t first) const {
  View tile = whole;
  tile.shape[axis] = count_;
  tile.data = place_of(whole, axis, first);
  return tile;
}
std::byte* TileWorker::place_of(const View& whole, int axis, int64_t first) const {
  return whole.data +
         (first - held_) * whole.strides[axis] * static_cast<int64_t>(size_of(whole.dtype));
}

// A tile in memory of the thread.
void TileWorker::lay_out_here(const View& tile, int axis, int64_t offset, View& v) const {
  v = tile;
  v.data = memory(offset);
  v.shape[axis] = count_;
  if (!program_.samples_outermost) v.strides = row_major_strides(v.shape);
}

void TileWorker::lay_out(const Instruction& in) {
  if (in.kind == Kind::fold) return;
  if (in.kind == Kind::view && lay_out_view(in)) return;
  View& v = views_[in.step];
  lay_out_here(in.tile, in.axis, in.buffer, v);
  if (in.kind == Kind::view) {  // a copy in row-major order
    v.data = memory(in.spare);
    v.strides = row_major_strides(v.shape);
  }
}

bool TileWorker::lay_out_view(const Instruction& in) {
  const plan::Step& s = step(in);
  Shape shape = s.shape.at(run_.m());
  shape[in.axis] = count_;
  return make_view(s, views_[s.operands[0]], s.start.at(run_.m()), shape, &views_[in.step]);
}

// Views on values of the whole run move along; those on the thread's memory stay.
void TileWorker::move_to(int64_t first) {
  for (const External& e : program_.externals)
    if (e.axis >= 0) load(e, first);
  for (int at : program_.moving) {
    const Instruction& in = program_.instructions[at];
    if (in.kind == Kind::view) {
      lay_out_view(in);
      continue;
    }
    const View there = tile_of(run_.view(in.step), in.axis, first);
    if (is_streamed(in, there)) continue;
    const int columns = in.samples_on_right ? 0 : 1;
    const bool fits =
        in.kind != Kind::product || there.strides[columns] == 1 || there.shape[columns] == 1;
    if (fits) views_[in.step] = there;
  }
}

// Whether a value goes from the thread's memory around the caches to where it is kept.
bool TileWorker::is_streamed(const Instruction& in, const View& there) const {
  return exceeds_caches(in) && there.strides == in.tile.strides;
}
bool TileWorker::exceeds_caches(const Instruction& in) const {
  const View& whole = run_.view(in.step);
  return kernels::fast::exceeds_caches(whole.bytes());
}

// To where the value is kept for all samples.
void TileWorker::store(const Instruction& in) {
  const View& tile = views_[in.step];
  const View there = tile_of(run_.view(in.step), in.axis, first_);
  if (there.data == tile.data) return;
  if (in.kind != Kind::view && is_streamed(in, there))
    kernels::fast::stream_copy(tile.data, there.data, tile.bytes());
  else run_.kernels().cast(tile, there);
}

// Many features that begin at the same place of a page take each other's lines in L1.
bool TileWorker::is_loaded(const External& e) const {
  constexpr int64_t kPage = 4096, kMany = 256;
  const View& v = run_.view(e.step);
  if (!e.may_be_copied || v.strides[e.axis] != 1) return false;
  const int64_t apart = v.strides[e.axis == 0 ? 1 : 0] * static_cast<int64_t>(size_of(v.dtype));
  return e.in_rows || (e.row > kMany && apart % kPage == 0);
}

// Features that lie far apart are laid side by side, once for all that read them, where one of
// those wants that or there are too many of them.
void TileWorker::load(const External& e, int64_t first) {
  const View& whole = run_.view(e.step);
  if (is_loaded(e)) run_.kernels().cast(tile_of(whole, e.axis, first), views_[e.step]);
  else views_[e.step].data = place_of(whole, e.axis, first);
}

void TileWorker::run_tile() {
  NextChain chain = program_.chains.begin();
  for (std::size_t at = 0; at < program_.instructions.size();) {
    const Timer timer(nanoseconds_, at);
    at = run_at(at, chain);
  }
}

std::size_t TileWorker::run_at(std::size_t at, NextChain& chain) {
  if (chain != program_.chains.end() && static_cast<std::size_t>(chain->begin) == at &&
      run_chain(*chain++))
    return static_cast<std::size_t>((chain - 1)->end);
  const Instruction& in = program_.instructions[at];
  run(in);
  if (in.kept) store(in);
  return at + 1;
}

// False where values lie so that each instruction has to run on its own.
bool TileWorker::run_chain(const Chain& chain) {
  const OpenChain& is = opened(chain);
  if (!is.runs) return false;
  const std::span values = this->values(chain);
  Window* windows = reinterpret_cast<Window*>(memory(chain.windows));
  const auto read = static_cast<std::size_t>(chain.pass.read);
  for (int64_t feature = 0; feature < chain.features; ++feature) {
    for (std::size_t k = 0; k < values.size(); ++k) new (&windows[k]) Window(values[k].window());
    for (int64_t first = 0; first < count_; first += is.rows) {
      const int64_t samples = std::min(is.rows, count_ - first);
      for (const ChainValue& value : values) value.fill_strip(first, samples);
      for (std::size_t k = 0; is.moves && k < read; ++k)
        if (const int by = values[k].fetched_by(); by >= 0)
          windows[by].next = values[k].next(first + samples, count_);
      chain.pass.run(windows, first * chain.row, samples * chain.row, memory(chain.buffers),
                     is.moves);
    }
    for (ChainValue& value : values) value.next_feature();
  }
  for (int i = chain.begin; chain.keeps && i < chain.end; ++i)
    if (const Instruction& in = program_.instructions[i]; in.kept && !leaves_chain(in, chain))
      store(in);
  return true;
}

// Whether the caches don't hold a value for all samples.
bool TileWorker::comes_from_memory(const View& tile) const {
  constexpr int64_t kLeast = 1 << 20;
  const int64_t bytes = tile.bytes();
  return !is_here(tile) && bytes / count_ * samples_ > kLeast;
}

const OpenChain& TileWorker::opened(const Chain& chain) {
  OpenChain& is = *reinterpret_cast<OpenChain*>(memory(chain.open));
  if (is.count == count_) {
    if (is.runs) move(chain);
    return is;
  }
  is = {count_, open(chain)};
  if (!is.runs) return is;
  for (const ChainValue& value : values(chain)) is.moves |= value.moves();
  is.rows = chain.strip_rows(is.moves);
  for (const ChainValue& value : values(chain)) value.fill_rows(std::min(is.rows, count_));
  return is;
}

// Values lie as they did in the tile before.
void TileWorker::move(const Chain& chain) {
  const int* step = chain.pass.outside.data();
  for (ChainValue& value : values(chain)) {
    value.move_to(value.leaves() ? place_of(run_.view(*step), chain.axis, first_)
                                 : views_[*step].data);
    ++step;
  }
}

bool TileWorker::open(const Chain& chain) {
  // Short passes over many features take longer than one over the tile for each instruction.
  constexpr int64_t kLeast = 256;
  if (chain.features > 1 && count_ < kLeast) return false;
  const std::vector<int>& outside = chain.pass.outside;
  const auto read = static_cast<std::size_t>(chain.pass.read);
  const Shape& shape = views_[chain.pass.steps[0]].shape;
  const std::span values = this->values(chain);
  for (std::size_t k = 0; k < outside.size(); ++k) {
    const View& v = views_[outside[k]];
    std::byte* strip = memory(chain.strips) + static_cast<int64_t>(k) * Chain::kStripBytes;
    const View seen = v.shape == shape ? v : broadcast_view(v, shape);
    ChainValue& value = *new (&values[k]) ChainValue(seen, chain, count_, strip);
    if (k < read ? !value.is_readable() : !value.is_writable()) return false;
    if (k < read && comes_from_memory(v)) value.fetch_ahead(static_cast<int>(k));
  }
  for (int i = chain.begin; i < chain.end; ++i) {
    const Instruction& in = program_.instructions[i];
    const auto at = std::find(outside.begin() + chain.pass.read, outside.end(), in.step);
    if (!leaves_chain(in, chain)) continue;
    const auto result = static_cast<int>(at - outside.begin());
    ChainValue& value = values[static_cast<std::size_t>(result)];
    value.stream_to(tile_of(run_.view(in.step), in.axis, first_), chain);
    const auto fetched =
        std::find_if(values.begin(), values.begin() + chain.pass.read, [&](const ChainValue& v) {
          return v.fetched_by() == &v - values.data() && v.is_as_wide_as(value);
        });
    if (fetched != values.begin() + chain.pass.read) fetched->fetch_ahead(result);
  }
  for (std::size_t k = 0; k < read; ++k)
    for (std::size_t result = read; result < outside.size(); ++result)
      if (values[k].is_overwritten_by(values[result], chain, count_)) return false;
  return true;
}

// Whether nobody reads a value of a chain here and it goes around the caches.
bool TileWorker::leaves_chain(const Instruction& in, const Chain& chain) const {
  if (!in.kept || in.read) return false;
  const View there = tile_of(run_.view(in.step), in.axis, first_);
  if (chain.features == 1) return is_streamed(in, there);
  return exceeds_caches(in) && ChainValue(there, chain, count_, nullptr).is_writable();
}

void TileWorker::run(const Instruction& in) {
  const View& out = views_[in.step];
  switch (in.kind) {
    case Kind::view:
      if (out.data == memory(in.spare)) compute(in, out);
      return;
    case Kind::compute: return compute(in, out);
    case Kind::product: return multiply(in, out);
    case Kind::fold: return in.fold.product ? fold_product(in) : fold(in);
  }
}

void TileWorker::compute(const Instruction& in, const View& out) {
  if (in.factors >= 0) return sum_products(in, out);
  const plan::Step& s = step(in);
  const Operands operands(s, [&](int operand) { return &views_[operand]; });
  run_step(run_.kernels(), plan_, s, operands.list(), out, {run_.m(), samples_, in.axis, first_});
}

// Samples are the rows.
void TileWorker::sum_products(const Instruction& in, const View& out) const {
  const plan::Step& factors = plan_.steps[in.factors];
  const int summed = static_cast<int>(step(in).attributes.axes[0]), samples = 1 - summed;
  Shape shape = Dims::filled(2, count_);
  shape[summed] = factors.shape[summed].offset;
  const auto rows = [&](int operand) {
    return transpose_view(broadcast_view(views_[operand], shape), {samples, summed});
  };
  kernels::fast::sum_of_products(rows(factors.operands[0]), rows(factors.operands[1]),
                                 {out.data, out.dtype, {count_}, {out.strides[in.axis]}});
}

void TileWorker::multiply(const Instruction& in, const View& out) {
  const plan::Step& s = plan_.steps[in.product];
  const std::byte* panels = panels_ + in.panels;
  const kernels::fast::Epilogue epilogue{in.bias >= 0 ? panels_ + in.packed_bias : nullptr,
                                         in.least >= 0 ? views_[in.least].data : nullptr};
  const int operand = s.operands[in.samples_on_right ? 1 : 0];
  const auto samples_first = [&](const View& v) {
    return in.samples_on_right ? transpose_view(v, {1, 0}) : v;
  };
  if (in.bfloat16)
    return kernels::fast::multiply_bfloat16_panels(samples_first(views_[operand]), panels, epilogue,
                                                   samples_first(out));
  const View next = in.reads_memory ? next_tile(operand, in) : View{};
  kernels::fast::multiply_panels(samples_first(views_[operand]), panels, epilogue,
                                 samples_first(out), next.data ? samples_first(next) : next);
}

// What follows the tile of an operand of a product in memory, or that of which it is a copy.
View TileWorker::next_tile(int operand, const Instruction& in) const {
  const int axis = in.samples_on_right ? 1 : 0;
  View next = views_[operand];
  if (is_here(next)) {
    if (std::none_of(program_.externals.begin(), program_.externals.end(),
                     [&](const External& e) { return e.step == operand; }))
      return {};
    next = tile_of(run_.view(operand), axis, first_);
  }
  next.data += count_ * next.strides[axis] * static_cast<int64_t>(size_of(next.dtype));
  return next;
}

// x (samples, width), its columns side by side: as it is, or copied.
View TileWorker::side_by_side(const View& x, const Instruction& in) {
  if (x.strides[1] == 1 && is_here(x)) return x;
  const View copy{memory(in.spare), x.dtype, x.shape, row_major_strides(x.shape)};
  run_.kernels().cast(x, copy);
  return copy;
}

void TileWorker::fold_product(const Instruction& in) {
  const plan::Step& s = step(in);
  const View &a = views_[s.operands[0]], &b = views_[s.operands[1]];
  const View left = in.fold.transposed ? transpose_view(b, {1, 0}) : a;
  const View right = side_by_side(in.fold.transposed ? transpose_view(a, {1, 0}) : b, in);
  const Shape shape = {left.shape[0], right.shape[1]};
  kernels::fast::multiply_tile(left, right, in_block_ > 0,
                               {state(in), s.dtype, shape, row_major_strides(shape)});
}

void TileWorker::fold(const Instruction& in) {
  const View& x = views_[step(in).operands[0]];
  Dims order = {in.axis};
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axis != in.axis) order.push_back(axis);
  const View outermost = transpose_view(x, order);
  View rows;
  int64_t next_tile = 0;
  if (reshape_view(outermost, {count_, in.fold.size.width}, &rows)) {
    // It lies behind this one.
    if (in.fetches && !is_here(x))
      next_tile = count_ * rows.strides[0] * static_cast<int64_t>(size_of(rows.dtype));
  } else {
    const View copy{memory(in.spare), x.dtype, outermost.shape, row_major_strides(outermost.shape)};
    run_.kernels().cast(outermost, copy);
    reshape_view(copy, {count_, in.fold.size.width}, &rows);
  }
  in.fold.kernels.add(rows, first_, accumulator(in), next_tile);
}

}  // namespace lanewise::exec
