// SPDX-License-Identifier: MIT
#pragma once
// All rays of a block of pixels go down the compressed wide hierarchy (wide_bvh/wide_node.h) as one bundle.
//
// A node is visited once for the whole block, not once a ray: its boxes are projected, eight at a time, and
// left out where no pixel's ray passes through their rectangle or something nearer has been met in all of its
// pixels. So triangles and boxes smaller than a pixel cost what one ray would spend on them, large ones are
// shared by all rays, and nothing hidden is looked at. Nodes are visited from near to far.
//
// Law: depths and triangles are those of traverse() (wide_bvh/traverse.h) for every pixel's ray, bit for bit.
// No allocation; 10 KB of stack besides the image.

#include "render/bundle/block_camera.h"
#include "render/bundle/block_image.h"
#include "render/bundle/triangle_batch.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

/// Fills `image`, which is as new, with what the rays of camera.block() meet.
BundleWork trace_bundle(const WideBvhView& bvh, const BlockCamera& camera, BlockImage& image);

}  // namespace inknav::render
