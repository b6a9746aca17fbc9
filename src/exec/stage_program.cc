#include "exec/stage_program.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "base/cpu.h"
#include "base/environment.h"
#include "exec/compound_step.h"
#include "kernels/matmul/bfloat16_product.h"
#include "kernels/reduce/sum_of_products.h"
#include "plan/cost.h"
#include "plan/sample_axes.h"

namespace lanewise::exec {
namespace {

using graph::Op;
using graph::OpClass;
using plan::Plan;
using plan::Role;
using plan::Stage;
using plan::Step;
using plan::Sweep;

// For tests; 0: none is forced.
int64_t forced_tile() {
  return std::min(number_from_environment("LANEWISE_TILE", 0, 0), kernels::kBlock);
}

// Of a tile that is no part of a block.
constexpr int64_t kMostSamples = 8 * kernels::kBlock;

class Builder {
 public:
  Builder(const Plan& plan, const Sweep& sweep, const Stage& stage, int number, plan::Batch batch)
      : plan_(plan), sweep_(sweep), stage_(stage), stage_number_(number), batch_(batch) {}

  StageProgram build() {
    static std::atomic<int64_t> numbers{0};
    p_.number = ++numbers;
    p_.samples_outermost = wants_samples_outermost();
    find_external();
    for (std::size_t at = 0; at < stage_.steps.size(); ++at) add(at);
    choose_fetchers();
    for (External& e : p_.externals) {
      e.may_be_copied = p_.samples_outermost && e.axis >= 0 && e.row > 1;
      e.in_rows = e.may_be_copied && wants_rows(e.step);
    }
    find_chains();
    for (int at = 0; at < static_cast<int>(p_.instructions.size()); ++at) {
      const Instruction& in = p_.instructions[at];
      if (moves(in)) p_.moving.push_back(at);
      if (in.kind == Instruction::Kind::fold && !in.fold.product) p_.reductions.push_back(at);
    }
    place();
    return std::move(p_);
  }

 private:
  // For products, and for reductions of what the stage computes or that take in a sample at a time.
  // Nothing else is worth the copy.
  bool wants_samples_outermost() const {
    bool folds = false, computes = false;
    for (int i : stage_.steps) {
      const Step& s = plan_.steps[i];
      if (s.op == Op::matmul) return true;
      if (sweep_.role[i] == Role::folded) {
        if (!tile_fold_of(s).takes_columns) return true;
        folds = true;
      } else {
        computes = true;
      }
    }
    return folds && computes;
  }

  int64_t bytes_of(const Step& s) const { return static_cast<int64_t>(size_of(s.dtype)); }

  void find_external() {
    std::vector<bool> seen(plan_.steps.size());
    inside_.resize(plan_.steps.size());
    for (int i : stage_.steps) inside_[i] = true;
    for (int i : stage_.steps)
      for (int k = 0; k < static_cast<int>(plan_.steps[i].operands.size()); ++k) {
        const int operand = plan_.steps[i].operands[k];
        if (inside_[operand] || seen[operand] || !plan::reads_values(plan_.steps[i], k)) continue;
        seen[operand] = true;
        External e{operand, sweep_.axis[operand], 1, {}};
        if (e.axis >= 0) {
          e.row = plan::sample_size(plan_.steps[operand], e.axis);
          e.tile = tile_of(plan_.steps[operand], e.axis);
        }
        if (e.axis >= 0 && !is_repeated(operand))
          p_.read_bytes += bytes_of(plan_.steps[operand]) * e.row;
        p_.externals.push_back(e);
      }
  }

  // Samples outermost, else row-major.
  static View tile_of(const Step& s, int axis) {
    View v{nullptr, s.dtype, {}, Dims::filled(s.shape.rank(), 0)};
    for (int at = 0; at < s.shape.rank(); ++at)
      v.shape.push_back(at == axis ? 0 : s.shape[at].offset);
    int64_t stride = 1;
    for (int at = v.rank() - 1; at >= 0; --at) {
      if (at == axis) continue;
      v.strides[at] = stride;
      stride *= v.shape[at];
    }
    v.strides[axis] = stride;
    return v;
  }

  // One value for all samples, seen as many.
  bool is_repeated(int i) const {
    for (; plan_.steps[i].is_view; i = plan_.steps[i].operands[0])
      if (sweep_.axis[plan_.steps[i].operands[0]] == plan::kNoAxis) return true;
    return false;
  }

  void add(std::size_t at) {
    const int i = stage_.steps[at];
    const Step& s = plan_.steps[i];
    Instruction in;
    in.step = i;
    in.slot = stage_.buffers[at];
    const bool folds = sweep_.role[i] == Role::folded;
    in.axis = folds ? sweep_.axis[s.operands[0]] : sweep_.axis[i];
    if (!folds) in.tile = tile_of(s, in.axis);
    in.kept = sweep_.kept[i] && sweep_.stage[i] == stage_number_;
    if (in.kept) p_.written_bytes += bytes_of(s) * plan::sample_size(s, in.axis);
    in.read = readers(i) > 0;
    p_.flops += plan::sample_flops(plan_.steps, s, sweep_.axis[i]);
    if (folds) add_fold(in, s);
    else if (s.is_view) in.kind = Instruction::Kind::view;
    else if (multiplies_small_matrix(s)) add_product(in, s);
    if ((s.op == Op::add || s.op == Op::maximum) && rides_on_product(in, s)) return;
    if (s.op == Op::sum && !folds) sum_products(in, s);
    p_.instructions.push_back(in);
  }

  // Elements of a sample that are multiplied just before, for nobody else, are summed as they come.
  void sum_products(Instruction& in, const Step& s) {
    if (p_.instructions.empty()) return;
    const Instruction& last = p_.instructions.back();
    const Step& factors = plan_.steps[last.step];
    if (s.operands[0] != last.step || factors.op != Op::multiply || last.kept ||
        readers(last.step) != 1 || !is_float(factors.dtype) || factors.shape.rank() != 2 ||
        plan::sample_size(factors, last.axis) > kernels::fast::kMaxProducts ||
        s.attributes.axes.rank() != 1)
      return;
    in.factors = last.step;
    p_.instructions.pop_back();
  }

  static bool reads(const Step& s, int i) {
    return std::find(s.operands.begin(), s.operands.end(), i) != s.operands.end();
  }
  int64_t readers(int i) const {
    return std::count_if(stage_.steps.begin(), stage_.steps.end(),
                         [&](int reader) { return reads(plan_.steps[reader], i); });
  }

  // What is done with the elements of the product just before, which nobody else reads: then the
  // product does it before it stores them.
  bool rides_on_product(const Instruction& in, const Step& s) {
    if (p_.instructions.empty()) return false;
    Instruction& product = p_.instructions.back();
    if (product.kind != Instruction::Kind::product || product.kept || product.least >= 0 ||
        readers(product.step) != 1 || s.shape != plan_.steps[product.step].shape ||
        !(s.op == Op::add ? takes_bias(product, s) : takes_least(product, s)))
      return false;
    product.step = in.step;
    product.kept = in.kept;
    product.read = in.read;
    product.slot = in.slot;
    return true;
  }
  bool takes_bias(Instruction& product, const Step& s) {
    const int bias = s.operands[s.operands[0] == product.step ? 1 : 0];
    if (!reads(s, product.step) || product.bias >= 0 || sweep_.axis[bias] != plan::kNoAxis)
      return false;
    product.bias = bias;
    product.constant = product.constant && is_constant(bias);
    product.packed_bias = p_.panels_bytes;
    p_.panels_bytes += whole_lines(
        kernels::fast::panel_bytes(s.dtype, 1, s.shape[product.samples_on_right ? 0 : 1].offset));
    return true;
  }
  bool takes_least(Instruction& product, const Step& s) const {
    const int least = s.operands[1];
    if (s.operands[0] != product.step || sweep_.axis[least] != plan::kNoAxis ||
        plan::sample_size(plan_.steps[least], plan::kNoAxis) != 1)
      return false;
    product.least = least;
    return true;
  }

  bool is_constant(int i) const {
    return plan_.steps[plan_.under(i)].storage == plan::Storage::constant;
  }

  bool multiplies_small_matrix(const Step& s) const {
    if (s.op != Op::matmul || s.shape.rank() != 2 || !kernels::fast::has_tile_product(s.dtype))
      return false;
    return (sweep_.axis[s.operands[0]] == 0) != (sweep_.axis[s.operands[1]] == 1) &&
           (sweep_.axis[s.operands[0]] < 0 || sweep_.axis[s.operands[1]] < 0);
  }

  void add_product(Instruction& in, const Step& s) {
    in.kind = Instruction::Kind::product;
    in.product = in.step;
    in.samples_on_right = sweep_.axis[s.operands[1]] == 1;
    in.reads_memory = !computed(s.operands[in.samples_on_right ? 1 : 0]);
    const int small = s.operands[in.samples_on_right ? 0 : 1];
    in.constant = is_constant(small);
    const plan::SymbolicDims& matrix = plan_.steps[small].shape;
    int64_t k = matrix[0].offset, n = matrix[1].offset;
    if (in.samples_on_right) std::swap(k, n);
    in.bfloat16 = batch_ == plan::Batch::one && holds_bfloat16(small, n);
    in.panels = p_.panels_bytes;
    p_.panels_bytes += whole_lines(in.bfloat16 ? kernels::fast::bfloat16_panel_bytes(k, n)
                                               : kernels::fast::panel_bytes(s.dtype, k, n));
  }

  // Of a step that is a constant, or another window on one.
  bool holds_bfloat16(int i, int64_t columns) const {
    const Step& matrix = plan_.steps[plan_.under(i)];
    return matrix.storage == plan::Storage::constant && matrix.dtype == DType::float32 &&
           matrix.shape.rank() == 2 && columns >= kernels::fast::kLeastColumns &&
           kernels::fast::holds_bfloat16(plan_.constants[matrix.place]);
  }

  void add_fold(Instruction& in, const Step& s) {
    in.kind = Instruction::Kind::fold;
    in.fold.dtype = plan_.steps[s.operands[0]].dtype;
    in.fold.product = s.op == Op::matmul;
    in.fold.size = fold_size(s, in);
    in.fold.kernels = tile_fold_of(s);
    if (in.fold.product) in.fold.transposed = turns(s);
    in.partial = p_.chunk_bytes;
    p_.chunk_bytes += in.fold.state_bytes();
    in.lanes = p_.lanes_bytes;
    if (in.goes_on()) p_.lanes_bytes += in.fold.accumulator_bytes();
  }

  void choose_fetchers() {
    std::vector<bool> fetched(plan_.steps.size());
    for (Instruction& in : p_.instructions) {
      if (in.kind != Instruction::Kind::fold) continue;
      const int operand = plan_.steps[in.step].operands[0];
      in.fetches = !fetched[operand];
      fetched[operand] = true;
    }
  }

  // Whether somebody reads a value who wants the features of a sample side by side. The left
  // operand of a product may have any strides, so that of a transpose, too.
  bool wants_rows(int value) const {
    return std::any_of(p_.instructions.begin(), p_.instructions.end(), [&](const Instruction& in) {
      if (in.factors >= 0) return reads(plan_.steps[in.factors], value);
      const bool multiplies = in.kind == Instruction::Kind::product;
      const Step& s = plan_.steps[multiplies ? in.product : in.step];
      if (!reads(s, value)) return false;
      if (in.kind == Instruction::Kind::view) return s.op != Op::transpose || wants_rows(in.step);
      if (!multiplies && !(in.kind == Instruction::Kind::fold && in.fold.product)) return true;
      const bool left_is_second = multiplies ? in.samples_on_right : in.fold.transposed;
      return s.operands[left_is_second ? 0 : 1] == value;
    });
  }

  // A product over the samples adds like a sum.
  kernels::fast::TileFold tile_fold_of(const Step& s) const {
    const auto reduce =
        s.op == Op::matmul
            ? kernels::Reduce::sum
            : static_cast<kernels::Reduce>(static_cast<int>(s.op) - static_cast<int>(Op::sum));
    return kernels::fast::tile_fold(reduce, plan_.steps[s.operands[0]].dtype);
  }

  kernels::fast::FoldSize fold_size(const Step& s, const Instruction& in) const {
    if (in.fold.product) return {plan::sample_size(s, plan::kNoAxis)};
    const plan::SymbolicDims& x = plan_.steps[s.operands[0]].shape;
    kernels::fast::FoldSize size{1, s.attributes.k, 1};
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (axis == in.axis) continue;
      size.width *= x[axis].offset;
      if (axis > in.axis) size.inner *= x[axis].offset;
    }
    return size;
  }

  // Whether the state of a product is its transpose. The operand on the right is read along its
  // features: one that the stage computes has them side by side, and the longer one is better.
  bool turns(const Step& s) const {
    const bool left = computed(s.operands[0]), right = computed(s.operands[1]);
    return left && (!right || s.shape[0].offset > s.shape[1].offset);
  }
  bool computed(int i) const {
    while (plan_.steps[i].is_view && inside_[i]) i = plan_.steps[i].operands[0];
    return inside_[i];
  }

  // Bytes of a sample that a view or fold may have to lay side by side.
  int64_t spare_row(const Instruction& in) const {
    const Step& s = plan_.steps[in.step];
    if (in.kind == Instruction::Kind::view) return plan::sample_size(s, in.axis) * bytes_of(s);
    if (in.kind != Instruction::Kind::fold) return 0;
    const int64_t row =
        in.fold.product ? s.shape[in.fold.transposed ? 0 : 1].offset : in.fold.size.width;
    return row * static_cast<int64_t>(size_of(in.fold.dtype));
  }

  // Whether an instruction can be part of a chain, be it only to leave around the caches: the
  // elements of a sample lie together, or those of a feature.
  bool can_chain(const Instruction& in) const {
    const int64_t row = row_of(in);
    if (row == 0 || in.factors >= 0 || !computes_elements(in)) return false;
    return has_features_apart(in) ||
           ((p_.samples_outermost || in.axis == 0 || row == 1) && row <= ElementwisePass::kStrip);
  }
  bool computes_elements(const Instruction& in) const {
    const Step& s = plan_.steps[in.step];
    if (in.kind == Instruction::Kind::product) return is_outer_product(plan_, s);
    return in.kind == Instruction::Kind::compute && can_join_pass(s);
  }
  bool has_features_apart(const Instruction& in) const {
    return !p_.samples_outermost && row_of(in) > 1 && in.axis > 0 &&
           in.axis == plan_.steps[in.step].shape.rank() - 1;
  }
  int64_t row_of(const Instruction& in) const {
    return plan::sample_size(plan_.steps[in.step], in.axis);
  }

  void find_chains() {
    std::vector<Instruction>& all = p_.instructions;
    for (std::size_t begin = 0; begin < all.size(); ++begin) {
      if (!can_chain(all[begin])) continue;
      Chain chain;
      std::vector<int> steps;
      chain.axis = all[begin].axis;
      (has_features_apart(all[begin]) ? chain.features : chain.row) = row_of(all[begin]);
      std::size_t end = begin;
      for (std::size_t i = begin; i < all.size(); ++i) {
        const Step& s = plan_.steps[all[i].step];
        if (all[i].kind == Instruction::Kind::view) {
          // A view of what is there before goes in front.
          if (reads_any(s, steps)) break;
          std::rotate(all.begin() + begin, all.begin() + i, all.begin() + i + 1);
          ++begin;
          ++end;
          continue;
        }
        if (!can_chain(all[i]) || all[i].axis != chain.axis ||
            s.shape != plan_.steps[all[begin].step].shape)
          break;
        steps.push_back(all[i].step);
        end = i + 1;
        chain.keeps |= all[i].kept;
        if (all[i].kept && all[i].read) break;  // stored before its memory is taken over
      }
      chain.begin = static_cast<int>(begin);
      chain.end = static_cast<int>(end);
      if (steps.size() > 1 || all[begin].kept) {
        chain.pass = make_elementwise_pass(plan_, std::move(steps));
        p_.chains.push_back(std::move(chain));
      }
      begin = end - 1;
    }
  }
  static bool reads_any(const Step& s, const std::vector<int>& steps) {
    return std::any_of(steps.begin(), steps.end(), [&](int i) { return reads(s, i); });
  }

  // Views on samples that the stage reads, and results that are made where they are kept.
  bool moves(const Instruction& in) const {
    if (in.kind != Instruction::Kind::view)
      return in.kept && !in.read && in.kind != Instruction::Kind::fold;
    int shown = in.step;
    while (inside_[shown] && plan_.steps[shown].is_view) shown = plan_.steps[shown].operands[0];
    return !inside_[shown] && sweep_.axis[shown] >= 0;
  }

  // The tile and the thread's memory: buffers, copies, chains, folds.
  void place() {
    int64_t bytes = p_.read_bytes;
    for (int64_t buffer : stage_.buffer_bytes) bytes += buffer;
    p_.tile = tile_for(bytes);
    std::vector<int64_t> offsets;
    for (int64_t buffer : stage_.buffer_bytes) {
      offsets.push_back(p_.thread_bytes);
      p_.thread_bytes += whole_lines(buffer * p_.tile);
    }
    for (External& e : p_.externals)
      if (e.may_be_copied) e.buffer = take(e.row * bytes_of(plan_.steps[e.step]) * p_.tile);
    for (Instruction& in : p_.instructions) {
      if (in.slot >= 0) in.buffer = offsets[in.slot];
      in.spare = take(spare_row(in) * p_.tile);
      if (in.kind != Instruction::Kind::fold) continue;
      in.accumulator = take(in.fold.accumulator_bytes());
      in.state = take(in.fold.state_bytes());
      if (!in.counts()) continue;
      in.counter = take(sizeof(StateCounter));
      in.levels =
          take(in.fold.state_bytes() * StateCounter::level_count(StageProgram::kMaxChunkBlocks));
    }
    int64_t pass_bytes = 0;
    for (const Chain& chain : p_.chains)
      pass_bytes = std::max(pass_bytes, chain.pass.buffer_bytes());
    const int64_t pass_buffers = take(pass_bytes);
    for (Chain& chain : p_.chains) {
      const auto outside = static_cast<int64_t>(chain.pass.outside.size());
      chain.buffers = pass_buffers;
      chain.open = take(sizeof(OpenChain));
      chain.windows = take(outside * static_cast<int64_t>(sizeof(Window)));
      chain.values = take(outside * static_cast<int64_t>(sizeof(ChainValue)));
      chain.strips = take(outside * Chain::kStripBytes);
    }
    // Products read a little beyond the rows of a tile.
    p_.thread_bytes += kernels::kReadAhead * static_cast<int64_t>(sizeof(double));
  }
  int64_t take(int64_t bytes) {
    const int64_t offset = p_.thread_bytes;
    p_.thread_bytes += whole_lines(bytes);
    return offset;
  }

  // As many samples as L2 holds, or a part of a large one, which is often shared: a power of two,
  // so that blocks are whole tiles.
  int64_t tile_for(int64_t bytes_per_sample) const {
    if (const int64_t forced = forced_tile(); forced > 0) return forced;
    const int64_t room = std::min<int64_t>(machine().l2_bytes, 1 << 20);
    const int64_t fit = room / std::max<int64_t>(bytes_per_sample, 1);
    return std::clamp<int64_t>(
        static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::max<int64_t>(fit, 1)))), 16,
        p_.folds() ? kernels::kBlock : kMostSamples);
  }

  const Plan& plan_;
  const Sweep& sweep_;
  const Stage& stage_;
  const int stage_number_;
  const plan::Batch batch_;
  StageProgram p_;
  std::vector<bool> inside_;  // of each step: the stage computes it
};

}  // namespace

bool StageProgram::packs() const {
  return std::any_of(instructions.begin(), instructions.end(), [](const Instruction& in) {
    return in.kind == Instruction::Kind::product && !in.constant;
  });
}

StageProgram make_stage_program(const Plan& plan, const Sweep& sweep, const Stage& stage,
                                int number, plan::Batch batch) {
  return Builder(plan, sweep, stage, number, batch).build();
}

}  // namespace lanewise::exec
