// SPDX-License-Identifier: MIT
#include "run/pickle.h"

#include "run/pickle_machine.h"
#include "run/shown_text.h"

namespace inknav::run {

base::Result<Pickle> Pickle::read(std::span<const std::uint8_t> bytes, const std::string& where,
                                  const PickleOptions& options) {
  Pickle pickle;
  pickle.where_ = where;
  INKNAV_RETURN_IF_ERROR(PickleMachine(bytes, options, pickle).run());
  return pickle;
}

base::Result<const PickleValue*> Pickle::find(const PickleValue& dict, std::string_view key) const {
  const PickleValue* found = nullptr;
  if (dict.kind != PickleKind::kDict) return found;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& candidate = values_[dict.items[i]];
    if (candidate.kind != PickleKind::kText || candidate.text != key) continue;
    if (found != nullptr) {
      return base::Error{base::ErrorCode::kData, where_ + ": one entry " + shown_text(key) +
                                                     " was wanted, found it twice; the file is damaged"};
    }
    found = &values_[dict.items[i + 1]];
  }
  return found;
}

std::string describe(const PickleValue& value) {
  switch (value.kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return "a truth value";
    case PickleKind::kInt:
    case PickleKind::kFloat:
      return "a number";
    case PickleKind::kText:
      return "a text";
    case PickleKind::kTuple:
      return "a tuple";
    case PickleKind::kList:
      return "a list";
    case PickleKind::kDict:
      return "a dict";
    case PickleKind::kGlobal:
      return "the name " + shown_text(value.text);
    case PickleKind::kStorage:
      return "a storage";
    case PickleKind::kTensor:
      return "a tensor";
    case PickleKind::kSkipped:
      return shown_text(value.text) + ", which is not read";
  }
  return "an unknown value";
}

}  // namespace inknav::run
