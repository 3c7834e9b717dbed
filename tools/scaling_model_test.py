# SPDX-License-Identifier: MIT
"""tools/scaling_model: its laws, and that docs/scaling.md shows what it prints."""

import importlib.machinery
import importlib.util
import random
import statistics
import subprocess
import sys
import unittest
from pathlib import Path

TOOL = Path(__file__).with_name("scaling_model")
PAGE = TOOL.parent.parent / "docs" / "scaling.md"
loader = importlib.machinery.SourceFileLoader("scaling_model", str(TOOL))
model = importlib.util.module_from_spec(importlib.util.spec_from_loader("scaling_model", loader))
sys.dont_write_bytecode = True
loader.exec_module(model)

PARAMETERS = sum(numbers for numbers, _ in model.SEGMENTS)
RUN = model.Run(rate=250e3, parameters=PARAMETERS, frames=65536, minibatches=2, spread=0.005, backward=0.25)
LATE = RUN._replace(backward=0.0)  # all sums after the backward pass


def printed(*words):
    return subprocess.run([sys.executable, TOOL, *words], capture_output=True, text=True, check=False)


class ScalingModelTest(unittest.TestCase):
    def test_the_page_shows_what_the_tool_prints(self):
        shown = PAGE.read_text(encoding="utf-8").split("<!-- tools/scaling_model -->\n")[1].split("<!-- end -->")[0]
        self.assertEqual(shown, printed().stdout)

    def test_expected_maximum_is_that_of_random_numbers(self):
        dice = random.Random(1)
        for count in (2, 8, 64):
            drawn = statistics.fmean(max(dice.gauss(0, 1) for _ in range(count)) for _ in range(4000))
            self.assertAlmostEqual(model.expected_maximum(count), drawn, delta=0.06)  # 4 standard errors
        self.assertEqual(model.expected_maximum(1), 0.0)

    def test_one_gpu_waits_for_nothing(self):
        for machine in model.MACHINES.values():
            self.assertEqual(model.update_s(RUN, machine, 1), (RUN.frames / RUN.rate, 0.0, 0.0))

    def test_efficiency_falls_with_ranks_spread_and_speed(self):
        for machine in model.MACHINES.values():
            parts = [model.efficiency(RUN, machine, n) for n in model.COUNTS]
            self.assertEqual(parts, sorted(parts, reverse=True))
            self.assertLess(model.efficiency(RUN._replace(spread=0.02), machine, 8), parts[3])
            self.assertLess(model.efficiency(RUN._replace(rate=500e3), machine, 8), parts[3])

    def test_eight_gpus_reach_97_percent_and_the_limits_of_spread_are_as_written(self):
        limits = {
            (LATE, "NVLink, 8 adapters"): 0.019,
            (LATE, "PCIe, 1 adapter"): 0.007,
            (RUN, "NVLink, 8 adapters"): 0.020,
            (RUN, "PCIe, 1 adapter"): 0.019,
        }
        for (run, name), limit in limits.items():
            machine = model.MACHINES[name]
            self.assertGreater(model.efficiency(run, machine, 8), 0.97)
            self.assertGreaterEqual(model.efficiency(run._replace(spread=limit), machine, 8), 0.97)
            self.assertLess(model.efficiency(run._replace(spread=limit + 0.001), machine, 8), 0.97)

    def test_sums_beside_a_backward_pass_as_by_hand(self):
        """A link of 1 GB/s without latency, on which two ranks sum a GB in a second; shares of a half and nine tenths."""
        machine = (model.Link(0.0, 1.0), 1)
        segments = [(1e9, 0.5), (0.5e9, 0.9)]
        tail = 64e-9
        for backward, waited in ((0.0, 1.5), (1.0, 1.0), (4.0, 0.1), (100.0, 0.0)):
            self.assertAlmostEqual(model.waited_s(machine, 2, segments, backward), waited + tail, places=12)

    def test_a_backward_pass_hides_no_more_than_it_lasts_and_never_the_numbers_behind(self):
        for machine in model.MACHINES.values():
            for ranks in model.COUNTS[1:]:
                late, early = model.update_s(LATE, machine, ranks)[2], model.update_s(RUN, machine, ranks)[2]
                least = (RUN.minibatches + model.SMALL_SUMS) * model.sum_s(machine, ranks, 64.0)
                self.assertGreaterEqual(early, least)
                self.assertLess(early, late)
                self.assertLessEqual(late - early, RUN.backward * RUN.frames / RUN.rate)

    def test_the_segments_are_those_of_a_bucket(self):
        left = PARAMETERS
        for numbers, _ in model.SEGMENTS:
            self.assertGreaterEqual(2 * numbers, left)
            left -= numbers
        shares = [share for _, share in model.SEGMENTS]
        self.assertEqual(shares, sorted(shares))
        self.assertTrue(0.0 < shares[0] and shares[-1] <= 1.0)

    def test_the_published_sums_are_not_made_faster(self):
        """Microseconds of docs/scaling.md."""
        nvlink = model.MACHINES["NVLink, 8 adapters"]
        self.assertGreaterEqual(model.sum_s(nvlink, 8, 2**25) * 1e6, 195.4)
        for size, published in ((2**21, 113.2), (2**25, 812.3)):
            self.assertGreaterEqual(model.one_level_s(model.INFINIBAND, 2, size) * 1e6, published)

    def test_nonsense_is_refused(self):
        for words in (["--rate", "0"], ["--frames", "0"], ["--spread", "-1"], ["--rate", "fast"], ["--backward", "1"]):
            self.assertEqual(printed(*words).returncode, 2, words)


if __name__ == "__main__":
    unittest.main()
