// SPDX-License-Identifier: MIT
#include "app/report/video_writer.h"

#include <string>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include "base/check.h"

namespace inknav::app {
namespace {

std::string av_reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

struct FormatCloser {
  void operator()(AVFormatContext* format) const {
    if (format->pb != nullptr) avio_closep(&format->pb);
    avformat_free_context(format);
  }
};
struct CodecCloser {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
struct FrameCloser {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketCloser {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct ScalerCloser {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

}  // namespace

struct VideoWriter::Impl {
  std::filesystem::path path;
  std::filesystem::path temporary;
  std::unique_ptr<AVFormatContext, FormatCloser> format;
  std::unique_ptr<AVCodecContext, CodecCloser> codec;
  std::unique_ptr<AVFrame, FrameCloser> frame;
  std::unique_ptr<AVPacket, PacketCloser> packet;
  std::unique_ptr<SwsContext, ScalerCloser> scaler;
  AVStream* stream = nullptr;
  std::int64_t frames = 0;
  bool finished = false;

  base::Error failure(const std::string& what, int code) const {
    return {base::ErrorCode::kDisk, path.string() + ": " + what +
                                        " was wanted, ffmpeg says: " + av_reason(code) +
                                        "; check that the folder is writable and the disk not full"};
  }

  bool is_gif() const { return path.extension() == ".gif"; }

  base::Result<const AVCodec*> find_encoder() const {
    const AVCodec* encoder =
        is_gif() ? avcodec_find_encoder(AV_CODEC_ID_GIF) : avcodec_find_encoder_by_name("libx264");
    if (encoder == nullptr && !is_gif()) encoder = avcodec_find_encoder(AV_CODEC_ID_H264);
    if (encoder != nullptr) return encoder;
    return base::Error{base::ErrorCode::kData, path.string() + ": " + (is_gif() ? "a GIF" : "an H.264") +
                                                   " encoder was wanted, this build of ffmpeg has none; "
                                                   "install Debian's libavcodec or set VIDEO_OPTION to []"};
  }

  base::Status open_encoder(int width, int height, int frames_per_second) {
    INKNAV_ASSIGN_OR_RETURN(const AVCodec* encoder, find_encoder());
    codec.reset(avcodec_alloc_context3(encoder));
    codec->width = width & ~1;
    codec->height = height & ~1;
    codec->pix_fmt = is_gif() ? AV_PIX_FMT_BGR8 : AV_PIX_FMT_YUV420P;
    codec->time_base = {1, frames_per_second};
    codec->framerate = {frames_per_second, 1};
    codec->gop_size = 5 * frames_per_second;
    codec->thread_count = 1;
    if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (!is_gif()) {
      av_opt_set(codec->priv_data, "preset", "veryfast", 0);
      av_opt_set(codec->priv_data, "crf", "26", 0);
    }
    const int opened = avcodec_open2(codec.get(), encoder, nullptr);
    return opened < 0 ? base::Status(failure("an open video encoder", opened)) : base::ok_status();
  }

  base::Status open(int width, int height, int frames_per_second) {
    AVFormatContext* raw = nullptr;
    const int allocated =
        avformat_alloc_output_context2(&raw, nullptr, is_gif() ? "gif" : "mp4", temporary.c_str());
    if (allocated < 0) return failure("a video container", allocated);
    format.reset(raw);
    INKNAV_RETURN_IF_ERROR(open_encoder(width, height, frames_per_second));
    stream = avformat_new_stream(format.get(), nullptr);
    stream->time_base = codec->time_base;
    avcodec_parameters_from_context(stream->codecpar, codec.get());
    const int opened = avio_open(&format->pb, temporary.c_str(), AVIO_FLAG_WRITE);
    if (opened < 0) return failure("a writable file", opened);
    AVDictionary* options = nullptr;
    if (!is_gif()) av_dict_set(&options, "movflags", "+faststart", 0);
    const int headed = avformat_write_header(format.get(), &options);
    av_dict_free(&options);
    if (headed < 0) return failure("a video header", headed);
    frame.reset(av_frame_alloc());
    frame->format = codec->pix_fmt;
    frame->width = codec->width;
    frame->height = codec->height;
    const int buffered = av_frame_get_buffer(frame.get(), 0);
    if (buffered < 0) return failure("a frame buffer", buffered);
    packet.reset(av_packet_alloc());
    scaler.reset(sws_getContext(codec->width, codec->height, AV_PIX_FMT_RGB24, codec->width, codec->height,
                                codec->pix_fmt, SWS_BILINEAR, nullptr, nullptr, nullptr));
    return base::ok_status();
  }

  /// Sends a frame (null: flush) and writes every packet that is ready.
  base::Status encode(const AVFrame* input) {
    int code = avcodec_send_frame(codec.get(), input);
    if (code < 0) return failure("an encoded frame", code);
    for (;;) {
      code = avcodec_receive_packet(codec.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return base::ok_status();
      if (code < 0) return failure("an encoded packet", code);
      av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
      packet->stream_index = stream->index;
      code = av_interleaved_write_frame(format.get(), packet.get());
      if (code < 0) return failure("a written packet", code);
    }
  }
};

VideoWriter::VideoWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

VideoWriter::~VideoWriter() {
  if (impl_->finished) return;
  impl_->format.reset();
  std::error_code ignored;
  std::filesystem::remove(impl_->temporary, ignored);
}

base::Result<std::unique_ptr<VideoWriter>> VideoWriter::open(const std::filesystem::path& path, int width,
                                                             int height, int frames_per_second) {
  INKNAV_CHECK(width >= 2 && height >= 2 && frames_per_second >= 1, width, height, frames_per_second);
  av_log_set_level(AV_LOG_ERROR);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->temporary = path.string() + ".tmp";
  std::unique_ptr<VideoWriter> writer(new VideoWriter(std::move(impl)));
  INKNAV_RETURN_IF_ERROR(writer->impl_->open(width, height, frames_per_second));
  return writer;
}

base::Status VideoWriter::add(const scene::Image& image) {
  Impl& impl = *impl_;
  INKNAV_CHECK(image.channels == 3 && (image.width & ~1) == impl.codec->width &&
                   (image.height & ~1) == impl.codec->height,
               image.width, image.height, image.channels);
  const int writable = av_frame_make_writable(impl.frame.get());
  if (writable < 0) return impl.failure("a frame buffer", writable);
  const std::uint8_t* rows[1] = {image.pixels.data()};
  const int strides[1] = {3 * image.width};
  sws_scale(impl.scaler.get(), rows, strides, 0, impl.codec->height, impl.frame->data, impl.frame->linesize);
  impl.frame->pts = impl.frames++;
  return impl.encode(impl.frame.get());
}

base::Status VideoWriter::finish() {
  Impl& impl = *impl_;
  INKNAV_RETURN_IF_ERROR(impl.encode(nullptr));
  const int trailed = av_write_trailer(impl.format.get());
  if (trailed < 0) return impl.failure("a video trailer", trailed);
  impl.format.reset();
  std::error_code renamed;
  std::filesystem::rename(impl.temporary, impl.path, renamed);
  if (renamed) {
    return base::Error{
        base::ErrorCode::kDisk,
        impl.path.string() + ": the finished video could not be renamed: " + renamed.message()};
  }
  impl.finished = true;
  return base::ok_status();
}

}  // namespace inknav::app
