// SPDX-License-Identifier: MIT
// Basis textures: small files that the reference encoder (Basis Universal 2.10) wrote and what its decoder
// made of them; the same pictures in the older container; damage.
#include "scene/basis_texture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "scene/asset_folder.h"
#include "scene/basis_bits.h"
#include "scene/basis_fixtures_testing.h"
#include "scene/basis_uastc.h"
#include "scene/damage_testing.h"
#include "scene/load.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

using testing::Bytes;

Bytes from_base64(const std::string& text) {
  auto bytes = internal::decode_data_uri("data:;base64," + text);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return std::move(bytes).value();
}

base::Result<Image> decode(const Bytes& bytes) { return internal::decode_basis_texture(bytes, "t"); }

void expect_picture(const Bytes& bytes, int width, int height, const Bytes& pixels) {
  const auto image = decode(bytes);
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->width, width);
  EXPECT_EQ(image->height, height);
  EXPECT_EQ(image->channels, 4);
  EXPECT_EQ(image->pixels, pixels);
}

void expect_fault(const Bytes& bytes, const std::string& words) {
  const auto image = decode(bytes);
  ASSERT_FALSE(image.ok()) << words;
  EXPECT_EQ(image.error().code, base::ErrorCode::kData);
  EXPECT_NE(image.error().message.find(words), std::string::npos) << image.error().message;
}

Bytes flipped(const Bytes& pixels, std::size_t row) {
  Bytes out;
  for (std::size_t at = pixels.size(); at >= row; at -= row)
    out.insert(out.end(), pixels.begin() + static_cast<std::ptrdiff_t>(at - row),
               pixels.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

TEST(BasisTexture, TexelsAreTheReferenceDecoders) {
  expect_picture(from_base64(testing::kPlainKtx2), 10, 7, from_base64(testing::kPlainPixels));
  expect_picture(from_base64(testing::kAlphaKtx2), 9, 6, from_base64(testing::kAlphaPixels));
}

TEST(BasisTexture, TheOlderContainerHoldsTheSame) {
  const Bytes pixels = from_base64(testing::kAlphaPixels);
  expect_picture(from_base64(testing::kAlphaBasis), 9, 6, pixels);
  expect_picture(from_base64(testing::kAlphaBasisFlipped), 9, 6, flipped(pixels, 9 * 4));
}

TEST(BasisTexture, UastcInEveryWrapping) {
  const Bytes pixels = from_base64(testing::kUastcPixels);
  expect_picture(from_base64(testing::kUastcKtx2), 9, 6, pixels);
  expect_picture(from_base64(testing::kUastcBasis), 9, 6, pixels);
  expect_picture(from_base64(testing::kZstdKtx2), 8, 8, from_base64(testing::kZstdPixels));
}

TEST(BasisTexture, EveryModeOfUastc) {
  Image image;
  image.width = 76;
  image.height = 4;
  image.channels = 4;
  image.pixels.resize(76 * 4 * 4);
  Bytes blocks = from_base64(testing::kModeBlocks);
  ASSERT_TRUE(internal::decode_uastc(blocks, image).ok());
  EXPECT_EQ(image.pixels, from_base64(testing::kModePixels));
  // The one code of seven bits that is no mode, and a pattern that does not exist.
  blocks[16] = 0x45;
  auto decoded = internal::decode_uastc(blocks, image);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "its UASTC block 1 is damaged");
  blocks = from_base64(testing::kModeBlocks);
  blocks[2 * 16 + 2] |= 0xF0;  // mode 2: 5 bits of code, 15 of hints, then the pattern
  blocks[2 * 16 + 3] |= 0x01;
  EXPECT_EQ(internal::decode_uastc(blocks, image).error().message, "its UASTC block 2 is damaged");
  blocks.pop_back();
  EXPECT_NE(internal::decode_uastc(blocks, image).error().message.find("303 are there; it is cut off"),
            std::string::npos);
}

TEST(BasisTexture, AKtx2PictureWhoseRowsGoUpIsTurned) {
  // "KTXwriter" and its text give way to an orientation; the pair keeps its length.
  Bytes bytes = from_base64(testing::kPlainKtx2);
  const std::string key("KTXwriter\0Basis", 15);
  const auto at = std::search(bytes.begin(), bytes.end(), key.begin(), key.end());
  ASSERT_NE(at, bytes.end());
  const std::string pair("KTXorientation\0ru\0", 18);
  std::copy(pair.begin(), pair.end(), at);
  expect_picture(bytes, 10, 7, flipped(from_base64(testing::kPlainPixels), 10 * 4));
}

TEST(BasisTexture, WhatIsNotReadIsSaidWithTheWayOut) {
  expect_fault(with(from_base64(testing::kPlainKtx2), 12, 37),
               "of Vulkan format 37, model 163, scheme 1; convert the file once ('npx @gltf-transform/cli");
  expect_fault(with(from_base64(testing::kZstdKtx2), 44, 3), "model 166, scheme 3");
  expect_fault(with(from_base64(testing::kPlainKtx2), 36, 6), "this is a volume or a cube");
  expect_fault(with(from_base64(testing::kPlainKtx2), 23, 1), "is 16777226 x 7 pixels");
  expect_fault(with(from_base64(testing::kPlainKtx2), 71, 1), "its offsets lead out of the file");
  expect_fault(with(from_base64(testing::kPlainKtx2), 80, 0xFF), "");
  expect_fault(with(from_base64(testing::kAlphaBasis), 20, 1), "its checksums do not match");
  Bytes short_one = from_base64(testing::kAlphaBasis);
  short_one.resize(80);
  expect_fault(short_one, "it is cut off");
}

TEST(BasisTexture, AGltfNamesThemByExtension) {
  const testing::TemporaryFolder folder;
  testing::write_bytes(folder / "t.ktx2", from_base64(testing::kPlainKtx2));
  testing::write_bytes(folder / "t.basis", from_base64(testing::kAlphaBasis));
  testing::write_bytes(folder / "u.ktx2", with(from_base64(testing::kUastcKtx2), 12, 37));
  const auto load = [&](const std::string& extension, const std::string& file) {
    std::string json =
        R"({"asset":{"version":"2.0"},"extensionsRequired":["EXT"],"buffers":[{"byteLength":36,)"
        R"("uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}],)"
        R"("bufferViews":[{"buffer":0,"byteLength":36}],)"
        R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3}],)"
        R"("images":[{"uri":"FILE"}],"textures":[{"extensions":{"EXT":{"source":0}}}],)"
        R"("materials":[{"pbrMetallicRoughness":{"baseColorTexture":{"index":0}}}],)"
        R"("meshes":[{"primitives":[{"attributes":{"POSITION":0},"material":0}]}],)"
        R"("nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}]})";
    for (std::size_t at; (at = json.find("EXT")) != std::string::npos;) json.replace(at, 3, extension);
    json.replace(json.find("FILE"), 4, file);
    testing::write_text(folder / "s.gltf", json);
    return load_scene(folder / "s.gltf");
  };
  for (const auto& [extension, file, width] :
       {std::tuple{"KHR_texture_basisu", "t.ktx2", 10}, {"GOOGLE_texture_basis", "t.basis", 9}}) {
    const auto scene = load(extension, file);
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    ASSERT_EQ((*scene)->textures.size(), 1u);
    EXPECT_EQ((*scene)->textures[0].levels[0].width, width);
  }
  const auto refused = load("KHR_texture_basisu", "u.ktx2");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("u.ktx2: a KTX2 texture: ETC1S"), std::string::npos)
      << refused.error().message;
}

TEST(BasisTexture, DamagedFilesAreRefusedOrPictures) {
  for (const char* whole : {testing::kPlainKtx2, testing::kAlphaKtx2, testing::kAlphaBasis,
                            testing::kUastcKtx2, testing::kUastcBasis, testing::kZstdKtx2}) {
    int accepted = 0;
    testing::for_each_damage(from_base64(whole), [&](const Bytes& bytes, bool) {
      if (!internal::is_ktx2(bytes) && !internal::is_basis(bytes)) return;
      const auto image = decode(bytes);
      if (image.ok()) {
        ++accepted;
        EXPECT_EQ(image->pixels.size(),
                  std::size_t{4} * static_cast<std::size_t>(image->width * image->height));
      } else {
        EXPECT_EQ(image.error().code, base::ErrorCode::kData);
        EXPECT_FALSE(image.error().message.empty());
      }
    });
    // The older container's checksums find every change but those of its own first bytes; KTX2 has none.
    if (whole == testing::kAlphaBasis || whole == testing::kUastcBasis) {
      EXPECT_LT(accepted, 20);
    }
  }
}

TEST(BasisTexture, OneThatIsCutOffIsRefused) {
  for (const char* whole : {testing::kPlainKtx2, testing::kAlphaKtx2, testing::kAlphaBasis,
                            testing::kUastcKtx2, testing::kUastcBasis, testing::kZstdKtx2}) {
    testing::for_each_damage(from_base64(whole), [&](const Bytes& bytes, bool cut) {
      if (!cut || (!internal::is_ktx2(bytes) && !internal::is_basis(bytes))) return;
      EXPECT_FALSE(decode(bytes).ok()) << bytes.size();
    });
  }
}

TEST(BasisBits, AHuffmanCodeByHand) {
  // One table of three symbols, lengths 1, 2, 2. Its length codes: symbol 1 and symbol 2 have one bit each.
  // 14 bits: 3; 5 bits: 19 lengths are sent, all zero but those of 2 (17th in the order) and 1 (19th).
  std::vector<int> bits;
  const auto put = [&](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bits.push_back(static_cast<int>((value >> i) & 1u));
  };
  put(3, 14);
  put(19, 5);
  for (int i = 0; i < 19; ++i) put(i == 16 || i == 18 ? 1 : 0, 3);
  put(0, 1);  // length 1: the lower of the two codes is that of symbol 1
  put(1, 1);  // length 2
  put(1, 1);  // length 2
  // Codes: 0, 10, 11, their first bit first.
  for (const int bit : {1, 1, 0, 1, 0}) bits.push_back(bit);
  Bytes bytes((bits.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < bits.size(); ++i)
    bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (bits[i] << (i % 8)));
  internal::BitReader in(bytes);
  internal::HuffmanTable table;
  ASSERT_TRUE(table.read(in));
  EXPECT_EQ(table.decode(in), 2u);
  EXPECT_EQ(table.decode(in), 0u);
  EXPECT_EQ(table.decode(in), 1u);
  EXPECT_TRUE(in.ok());
  in.bits(32);
  EXPECT_FALSE(in.ok());
}

TEST(BasisBits, ChunksEnd) {
  const Bytes ones(16, 0xFF);
  internal::BitReader endless(ones);
  endless.chunks(4);
  EXPECT_FALSE(endless.ok());
  // 4 bits and a bit that says whether more follow: 0x13 (more), 0x02 -> 3 + 2 * 16.
  const Bytes two{0x53, 0x00};
  internal::BitReader in(two);
  EXPECT_EQ(in.chunks(4), 3u + (2u << 4));
  EXPECT_TRUE(in.ok());
}

}  // namespace
}  // namespace inknav::scene
