#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints what TensorBoard's own reader finds in a folder of event files, as one JSON object.

usage: read_events.py FOLDER [PACKAGES]

PACKAGES is a folder with TensorBoard unpacked (tools/wheels_test.txt). Exit code 77 and a sentence when TensorBoard
or NumPy is not there.
"""

import json
import sys


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    sys.path[:0] = sys.argv[2:3]
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError as fault:
        print(f"TensorBoard's reader is not there ({fault}); see tools/wheels_test.txt")
        sys.exit(77)
    # 0: keep every point.
    events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
    images = {tag: [[e.step, e.width, e.height, len(e.encoded_image_string)] for e in events.Images(tag)]
              for tag in tags["images"]}
    texts = {tag: [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors(tag)]
             for tag in tags["tensors"]}
    print(json.dumps({"scalars": scalars, "images": images, "texts": texts}, sort_keys=True))


if __name__ == "__main__":
    main()
