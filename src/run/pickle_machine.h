// SPDX-License-Identifier: MIT
#pragma once
// The stack machine of run/pickle.h. Internal: use Pickle::read.
// Every opcode checks its operands before it takes them; what it makes is counted against the limits.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "run/pickle.h"

namespace inknav::run {

class PickleMachine {
 public:
  PickleMachine(std::span<const std::uint8_t> bytes, const PickleOptions& options, Pickle& out);
  base::Status run();

 private:
  using Ref = std::uint32_t;

  base::Status step(std::uint8_t opcode, bool& done);
  base::Status constant(std::uint8_t opcode);
  base::Status memo(std::uint8_t opcode);
  base::Status collect(std::uint8_t opcode);
  base::Status stop();

  base::Status push_long();
  base::Status push_text();
  base::Status push_global();
  base::Status push_storage();
  base::Status push_tuple(std::size_t count);
  base::Status put(std::uint64_t index);
  base::Status get(std::uint64_t index);
  base::Status add_items(std::size_t count, bool pairs);
  base::Status reduce(bool is_new_object);
  base::Status build();

  base::Result<Ref> call(const PickleValue& global, const std::vector<Ref>& arguments);
  base::Result<Ref> rebuild_tensor(const std::vector<Ref>& arguments);
  base::Result<Ref> rebuild_parameter(const std::vector<Ref>& arguments, std::size_t count);
  base::Result<Ref> tag_or_size(const PickleValue& global, const std::vector<Ref>& arguments);

  base::Error bad(const std::string& found) const;
  base::Status need(std::size_t count) const;  // values above the last mark
  base::Result<std::uint64_t> operand(std::size_t num_bytes);
  base::Result<std::string_view> operand_text(std::uint64_t num_bytes);
  base::Result<std::string_view> operand_line();
  base::Result<std::size_t> pop_mark();  // number of values above it
  base::Result<Ref> make(PickleValue value);
  base::Status push(PickleValue value);
  base::Status push_ref(Ref ref);
  base::Status push_shared(PickleValue value, std::size_t slot);
  base::Result<Ref> skip(std::string_view name);
  const PickleValue& value(Ref ref) const { return out_.values_[ref]; }
  const PickleValue& top(std::size_t below = 0) const { return value(stack_[stack_.size() - 1 - below]); }
  bool is_int(Ref ref) const { return value(ref).kind == PickleKind::kInt; }
  bool is_tuple_of_ints(Ref ref) const;

  std::span<const std::uint8_t> bytes_;
  PickleOptions options_;
  Pickle& out_;
  std::size_t at_ = 0;     // next byte
  std::size_t op_at_ = 0;  // of the running opcode
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::vector<Ref> memo_;
  std::array<Ref, 259> shared_;
  std::map<std::string, Ref, std::less<>> skipped_;  // value of each name that is not read
};

}  // namespace inknav::run
