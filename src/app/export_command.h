// SPDX-License-Identifier: MIT
#pragma once
// inknav export IN OUT: what the endings say.
//   .safetensors -> .pth    the weights a checkpoint acts with, for torch.load(weights_only=True)
//   .pth -> .safetensors    weights of PyTorch; nothing in the file is run
//   a scene -> .glb         with its stage config
// OUT is there whole or not at all; one that exists is kept unless --overwrite is given. Errors: kUsage for
// other endings and for a file that exists, kData for the input, kDisk for writing.

#include "app/command.h"

namespace inknav::app {

Action define_export(CLI::App& app);

}  // namespace inknav::app
