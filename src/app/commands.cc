// SPDX-License-Identifier: MIT
// The table of sub-commands. To add one: include its header and put its define_... into its row.
#include "app/bench_command.h"
#include "app/command.h"
#include "app/data_check_command.h"
#include "app/data_convert_command.h"
#include "app/data_show_command.h"
#include "app/demo_command.h"
#include "app/doctor_command.h"
#include "app/eval_command.h"
#include "app/export_command.h"
#include "app/generate_demos_command.h"
#include "app/generate_drawings_command.h"
#include "app/generate_episodes_command.h"
#include "app/generate_homes_command.h"
#include "app/train_command.h"

namespace inknav::app {
namespace {

constexpr Command kCommands[] = {
    {"train", "train an agent", define_train},
    {"eval", "evaluate one checkpoint, a folder of them, or the best", define_eval},
    {"generate homes", "furnished homes as .glb", define_generate_homes},
    {"generate episodes", "episodes with drawings", define_generate_episodes},
    {"generate drawings", "drawings for a list of episodes that has none", define_generate_drawings},
    {"generate demos", "expert demonstrations", define_generate_demos},
    {"data check", "validate a dataset before a night is lost on it", define_data_check},
    {"data convert", "a robot map or a mesh becomes a scene (.glb)", define_data_convert},
    {"data show", "home, navmesh, route and drawing side by side", define_data_show},
    {"bench render", "frames/s of rendering", define_bench_render},
    {"bench sim", "steps/s of simulation", define_bench_sim},
    {"bench train", "frames/s of training", define_bench_train},
    {"bench infer", "time of a decision, and of the denoiser in it", define_bench_infer},
    {"doctor", "what devices and back ends are there, which are used, and why", define_doctor},
    {"draw", "a local page: draw a route, watch the agent walk it", nullptr},
    {"export", "checkpoints to PyTorch's .pth and back, scenes to .glb", define_export},
    {"demo", "generate, train, evaluate on unseen homes, report", define_demo},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace inknav::app
