#include "recorder/picture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#define QUALITY 5 /* of 2 (best) to 31 */

struct source {
	const unsigned char *p;
	size_t n, at;
};

static int source_read(void *arg, uint8_t *buf, int n)
{
	struct source *s = arg;
	size_t left = s->n - s->at;

	if (!left)
		return AVERROR_EOF;
	if ((size_t)n > left)
		n = (int)left;
	memcpy(buf, s->p + s->at, (size_t)n);
	s->at += (size_t)n;
	return n;
}

static int64_t source_seek(void *arg, int64_t to, int whence)
{
	struct source *s = arg;

	if (whence == AVSEEK_SIZE)
		return (int64_t)s->n;
	if (whence != SEEK_SET || to < 0 || (uint64_t)to > s->n)
		return AVERROR(EINVAL);
	s->at = (size_t)to;
	return to;
}

/* Feed the decoder until its first picture stands in frame. */
static int first_picture(AVFormatContext *in, AVCodecContext *dec,
    AVPacket *pkt, AVFrame *frame)
{
	int got = AVERROR(EAGAIN);

	while (got == AVERROR(EAGAIN)) {
		int err = av_read_frame(in, pkt);

		if (err < 0 && err != AVERROR_EOF)
			return err;
		err = avcodec_send_packet(dec, err < 0 ? NULL : pkt);
		av_packet_unref(pkt);
		if (err < 0)
			return err;
		got = avcodec_receive_frame(dec, frame);
	}
	return got;
}

/* Eight bits of luminance in a plane of their own: what cameras send. */
static bool has_luminance(const AVFrame *f)
{
	switch (f->format) {
	case AV_PIX_FMT_YUV420P:
	case AV_PIX_FMT_YUVJ420P:
	case AV_PIX_FMT_YUV422P:
	case AV_PIX_FMT_YUVJ422P:
	case AV_PIX_FMT_YUV444P:
	case AV_PIX_FMT_YUVJ444P:
	case AV_PIX_FMT_GRAY8:
		return f->linesize[0] >= f->width && f->width > 0 &&
		    f->height > 0;
	default:
		return false;
	}
}

static enum err decode(AVFormatContext *in, AVFrame *frame)
{
	const AVCodec *codec;
	AVCodecContext *dec = NULL;
	AVPacket *pkt = av_packet_alloc();
	enum err err = ERR_FORMAT;

	if (in->nb_streams != 1)
		goto out;
	codec = avcodec_find_decoder(in->streams[0]->codecpar->codec_id);
	dec = codec ? avcodec_alloc_context3(codec) : NULL;
	if (!dec || !pkt)
		goto out;
	dec->thread_count = 1;
	dec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM;
	if (avcodec_parameters_to_context(dec, in->streams[0]->codecpar) < 0 ||
	    avcodec_open2(dec, codec, NULL) < 0 ||
	    first_picture(in, dec, pkt, frame) < 0)
		goto out;
	if (!frame->decode_error_flags &&
	    !(frame->flags & AV_FRAME_FLAG_CORRUPT))
		err = OK;
out:
	av_packet_free(&pkt);
	avcodec_free_context(&dec);
	return err;
}

/* The first picture, to be freed by av_frame_free(). */
static enum err first(const void *p, size_t n, AVFrame **ret)
{
	struct source s = {.p = p, .n = n};
	AVFormatContext *in = avformat_alloc_context();
	unsigned char *buf = av_malloc(32768);
	AVFrame *frame = av_frame_alloc();
	AVIOContext *io = NULL;
	enum err err = ERR_NO_MEMORY;

	if (in && buf && frame)
		io = avio_alloc_context(buf, 32768, 0, &s, source_read, NULL,
		    source_seek);
	if (!io) {
		av_frame_free(&frame);
		av_free(buf);
		avformat_free_context(in);
		return err;
	}
	in->pb = io;
	/* It frees `in` where it fails. */
	if (avformat_open_input(&in, NULL, av_find_input_format("mov"), NULL) <
	    0)
		err = ERR_FORMAT;
	else
		err = decode(in, frame);
	avformat_close_input(&in);
	av_freep(&io->buffer);
	avio_context_free(&io);
	if (err)
		av_frame_free(&frame);
	else
		*ret = frame;
	return err;
}

enum err picture_decode(const void *p, size_t n, uint16_t *ret_width,
    uint16_t *ret_height, struct scene *ret_scene)
{
	AVFrame *frame;
	enum err err = first(p, n, &frame);

	if (err)
		return err;
	*ret_scene = (struct scene){.mean = 0};
	if (has_luminance(frame))
		scene_measure(frame->data[0], (size_t)frame->linesize[0],
		    (unsigned)frame->width, (unsigned)frame->height, ret_scene);
	*ret_width = (uint16_t)frame->width;
	*ret_height = (uint16_t)frame->height;
	av_frame_free(&frame);
	return OK;
}

/* --- the aiming picture --- */

/* How samples become those of a JPEG, which uses all of 0 to 255. */
struct range {
	int from, gain, to; /* (v - from) * 255 / gain + to */
};

static unsigned char stretch(int v, const struct range *r)
{
	v = (v - r->from) * 255 / r->gain + r->to;
	return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Each of w x h samples is the mean of f x f. */
static void shrink(const AVFrame *from, AVFrame *to, int plane, int w, int h,
    int f, const struct range *r)
{
	ptrdiff_t stride = from->linesize[plane];

	for (int y = 0; y < h; y++) {
		const unsigned char *in = from->data[plane] + stride * y * f;
		unsigned char *out =
		    to->data[plane] + (ptrdiff_t)to->linesize[plane] * y;

		for (int x = 0; x < w; x++) {
			int sum = 0;

			for (int i = 0; i < f * f; i++)
				sum += in[stride * (i / f) + x * f + i % f];
			out[x] = stretch(sum / (f * f), r);
		}
	}
}

/* JPEG's name of these pixels, and how chroma is subsampled (log2). */
static bool jpeg_pixels(int format, int *ret_format, int *ret_w, int *ret_h)
{
	switch (format) {
	case AV_PIX_FMT_YUV420P:
	case AV_PIX_FMT_YUVJ420P:
	case AV_PIX_FMT_GRAY8:
		*ret_format = AV_PIX_FMT_YUVJ420P;
		*ret_w = *ret_h = 1;
		return true;
	case AV_PIX_FMT_YUV422P:
	case AV_PIX_FMT_YUVJ422P:
		*ret_format = AV_PIX_FMT_YUVJ422P;
		*ret_w = 1;
		*ret_h = 0;
		return true;
	case AV_PIX_FMT_YUV444P:
	case AV_PIX_FMT_YUVJ444P:
		*ret_format = AV_PIX_FMT_YUVJ444P;
		*ret_w = *ret_h = 0;
		return true;
	default:
		return false;
	}
}

static bool is_full_range(const AVFrame *f)
{
	return f->color_range == AVCOL_RANGE_JPEG ||
	    f->format == AV_PIX_FMT_YUVJ420P ||
	    f->format == AV_PIX_FMT_YUVJ422P ||
	    f->format == AV_PIX_FMT_YUVJ444P;
}

static enum err reduce(const AVFrame *from, AVFrame *to)
{
	static const struct range same = {0, 255, 0}, luma = {16, 219, 0},
				  chroma = {128, 224, 128};
	bool full = is_full_range(from);
	int side = from->width > from->height ? from->width : from->height;
	int f = (side + PICTURE_SIDE - 1) / PICTURE_SIDE, sw, sh;

	if (!has_luminance(from) ||
	    !jpeg_pixels(from->format, &to->format, &sw, &sh))
		return ERR_UNSUPPORTED;
	to->width = from->width / f & ~1;
	to->height = from->height / f & ~1;
	if (to->width < 16 || to->height < 16)
		return ERR_UNSUPPORTED;
	if (av_frame_get_buffer(to, 0) < 0)
		return ERR_NO_MEMORY;
	to->color_range = AVCOL_RANGE_JPEG;
	shrink(from, to, 0, to->width, to->height, f, full ? &same : &luma);
	for (int plane = 1; plane < 3; plane++) {
		int w = to->width >> sw, h = to->height >> sh;

		if (from->format != AV_PIX_FMT_GRAY8)
			shrink(from, to, plane, w, h, f,
			    full ? &same : &chroma);
		else
			memset(to->data[plane], 128,
			    (size_t)to->linesize[plane] * (size_t)h);
	}
	return OK;
}

static enum err encode(const AVFrame *frame, AVPacket *pkt)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	AVCodecContext *enc = codec ? avcodec_alloc_context3(codec) : NULL;
	enum err err = ERR_UNSUPPORTED;

	if (!enc)
		return ERR_NO_MEMORY;
	enc->width = frame->width;
	enc->height = frame->height;
	enc->pix_fmt = frame->format;
	enc->color_range = AVCOL_RANGE_JPEG;
	enc->time_base = (AVRational){1, 1};
	enc->thread_count = 1;
	enc->flags |= AV_CODEC_FLAG_QSCALE;
	enc->global_quality = FF_QP2LAMBDA * QUALITY;
	if (avcodec_open2(enc, codec, NULL) == 0 &&
	    avcodec_send_frame(enc, frame) == 0 &&
	    avcodec_receive_packet(enc, pkt) == 0)
		err = pkt->size > (int)AIM_BYTES_MAX ? ERR_TOO_LARGE : OK;
	avcodec_free_context(&enc);
	return err;
}

enum err picture_jpeg(const void *p, size_t n, unsigned char **ret,
    size_t *ret_n)
{
	AVFrame *frame = NULL, *small = av_frame_alloc();
	AVPacket *pkt = av_packet_alloc();
	unsigned char *copy;
	enum err err = small && pkt ? first(p, n, &frame) : ERR_NO_MEMORY;

	if (!err)
		err = reduce(frame, small);
	if (!err)
		small->quality = FF_QP2LAMBDA * QUALITY;
	if (!err)
		err = encode(small, pkt);
	copy = err ? NULL : malloc((size_t)pkt->size);
	if (!err && !copy)
		err = ERR_NO_MEMORY;
	if (!err) {
		memcpy(copy, pkt->data, (size_t)pkt->size);
		*ret = copy;
		*ret_n = (size_t)pkt->size;
	}
	av_packet_free(&pkt);
	av_frame_free(&small);
	av_frame_free(&frame);
	return err;
}
