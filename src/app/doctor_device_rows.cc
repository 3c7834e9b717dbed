// SPDX-License-Identifier: MIT
// The rows of inknav doctor on what computes and renders.
#include <fmt/ranges.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "app/doctor_report.h"
#include "run/nvidia_driver.h"

namespace inknav::app::internal {
namespace {

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
constexpr int kWantedCuda = 13000;  // of libtorch's wheels and of the plug-in's run time
constexpr double kBusyShare = 0.5;  // of a GPU's memory; less free: somebody else is on it

std::string cuda_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

void add_driver_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  if (!facts.driver_version && !facts.gpu_status.cuda_version) return;
  DoctorRow row{"nvidia", "NVIDIA", "a driver is loaded"};
  if (facts.driver_version && !facts.driver_version->empty())
    row.fact = "driver " + *facts.driver_version + " is loaded";
  if (const auto& cuda = facts.gpu_status.cuda_version) {
    row.fact += ", for CUDA up to " + cuda_text(*cuda);
    if (*cuda < kWantedCuda) {
      row.level = DoctorLevel::kProblem;
      row.fact += fmt::format("; {} is wanted, update the driver (580 or newer)", cuda_text(kWantedCuda));
    }
  }
  rows.push_back(row);
}

void add_gpu_rows(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  if (facts.gpus.gpus.empty()) {
    rows.push_back({"gpus", "GPUs",
                    "none: " + run::why_no_gpu(facts.gpus, facts.driver_version, facts.visible_devices)});
  }
  const std::vector<int>& used = facts.choice.gpu_ids;
  for (const run::Gpu& gpu : facts.gpus.gpus) {
    DoctorRow row{"gpu_" + std::to_string(gpu.id), "GPU " + std::to_string(gpu.id),
                  fmt::format("{}, {:.1f} GiB", gpu.name, gpu.memory_gib)};
    const auto& known = facts.gpu_status.memory;
    const auto memory = std::find_if(known.begin(), known.end(),
                                     [&](const run::GpuMemory& entry) { return entry.id == gpu.id; });
    if (memory != known.end()) {
      row.fact += fmt::format(", {:.1f} GiB free", static_cast<double>(memory->free_bytes) / kGib);
      if (static_cast<double>(memory->free_bytes) < kBusyShare * static_cast<double>(memory->total_bytes)) {
        row.level = DoctorLevel::kProblem;
        row.fact += ", so another program is on it: see nvidia-smi, or choose with --gpu-ids";
      }
    }
    if (std::find(used.begin(), used.end(), gpu.id) == used.end()) row.fact += "; not used, see \"will use\"";
    rows.push_back(row);
  }
}

/// The CUDA plug-in: without a GPU its absence is as it should be.
void add_tracer_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  DoctorRow row{"tracer", "CUDA", ""};
  if (facts.tracer.ok()) {
    row.fact = "the plug-in renders on " + *facts.tracer + " (inknav bench render --device cuda)";
  } else {
    row.fact = facts.tracer.error().message;
    if (!facts.gpus.gpus.empty()) row.level = DoctorLevel::kProblem;
  }
  rows.push_back(row);
}

void add_nccl_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  DoctorRow row{"nccl", "NCCL", "not found; only several GPUs want it"};
  if (facts.nccl) {
    row.fact = facts.nccl->version + " in " + facts.nccl->file;
  } else if (facts.gpus.gpus.size() > 1) {
    row.level = DoctorLevel::kProblem;
    row.fact =
        "not found, but several GPUs train together by it; INKNAV_WHEELS=cuda ./inknav setup fetches it";
  }
  rows.push_back(row);
}

/// Nothing needs OpenGL, so what it lacks is told and is no problem; a software driver beside a GPU is one.
void add_egl_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  DoctorRow row{"egl", "EGL", ""};
  if (!facts.egl.ok()) {
    row.fact = facts.egl.error().message + "; no run needs it";
    rows.push_back(row);
    return;
  }
  const render::EglInfo& egl = *facts.egl;
  row.fact = fmt::format("OpenGL {} by {}, {}", egl.version, egl.renderer,
                         egl.hardware ? "in hardware" : "in software");
  if (!egl.hardware && !facts.gpus.gpus.empty()) {
    row.level = DoctorLevel::kProblem;
    row.fact += fmt::format(
        "; the GPU's driver has no EGL here ({}): in a container set "
        "NVIDIA_DRIVER_CAPABILITIES=all, else install the driver's libnvidia-gl",
        fmt::join(egl.attempts, ", "));
  }
  rows.push_back(row);
}

/// What RENDERER auto will be.
void add_renderer_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  const bool cuda = facts.tracer.ok() && !facts.choice.gpu_ids.empty();
  rows.push_back({"renderer", "renderer",
                  cuda ? "the CUDA tracer; on the CPU the same images by our own ray tracing"
                       : "our own ray tracing on the CPU (inknav bench render)"});
}

void add_learner_row(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  const learn::TorchInfo& torch = facts.torch;
  DoctorRow row{"learner", "learner",
                fmt::format("libtorch {} on the CPU with its {} kernels{}; {} thread(s) in an operator, as "
                            "cores are shared out by rank; its CUDA half is {}",
                            torch.version, torch.cpu_capability, torch.onednn ? " and oneDNN" : "",
                            torch.intra_op_threads, torch.cuda_half ? "there" : "not there")};
  if (!torch.cuda_half && !facts.gpus.gpus.empty()) {
    row.level = DoctorLevel::kProblem;
    row.fact += ", so no GPU can train: INKNAV_WHEELS=cuda ./inknav setup fetches it";
  }
  // The build itself needs AVX2, so the processor has it.
  if (torch.cpu_capability == "DEFAULT") {
    row.level = DoctorLevel::kProblem;
    row.fact += "; AVX2 ones were wanted, is ATEN_CPU_CAPABILITY set?";
  }
  rows.push_back(row);
}

}  // namespace

void add_device_rows(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  add_driver_row(facts, rows);
  add_gpu_rows(facts, rows);
  add_tracer_row(facts, rows);
  add_nccl_row(facts, rows);
  add_egl_row(facts, rows);
  add_renderer_row(facts, rows);
  add_learner_row(facts, rows);
}

}  // namespace inknav::app::internal
