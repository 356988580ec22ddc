#include "recorder/picture.h"

#include <stdbool.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

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

static enum err decode(AVFormatContext *in, uint16_t *ret_width,
    uint16_t *ret_height, struct scene *ret_scene)
{
	const AVCodec *codec;
	AVCodecContext *dec = NULL;
	AVPacket *pkt = av_packet_alloc();
	AVFrame *frame = av_frame_alloc();
	enum err err = ERR_FORMAT;

	if (in->nb_streams != 1)
		goto out;
	codec = avcodec_find_decoder(in->streams[0]->codecpar->codec_id);
	dec = codec ? avcodec_alloc_context3(codec) : NULL;
	if (!dec || !pkt || !frame)
		goto out;
	dec->thread_count = 1;
	dec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM;
	if (avcodec_parameters_to_context(dec, in->streams[0]->codecpar) < 0 ||
	    avcodec_open2(dec, codec, NULL) < 0 ||
	    first_picture(in, dec, pkt, frame) < 0)
		goto out;
	if (frame->decode_error_flags || frame->flags & AV_FRAME_FLAG_CORRUPT)
		goto out;
	*ret_scene = (struct scene){.mean = 0};
	if (has_luminance(frame))
		scene_measure(frame->data[0], (size_t)frame->linesize[0],
		    (unsigned)frame->width, (unsigned)frame->height, ret_scene);
	*ret_width = (uint16_t)frame->width;
	*ret_height = (uint16_t)frame->height;
	err = OK;
out:
	av_frame_free(&frame);
	av_packet_free(&pkt);
	avcodec_free_context(&dec);
	return err;
}

enum err picture_decode(const void *p, size_t n, uint16_t *ret_width,
    uint16_t *ret_height, struct scene *ret_scene)
{
	struct source s = {.p = p, .n = n};
	AVFormatContext *in = avformat_alloc_context();
	unsigned char *buf = av_malloc(32768);
	AVIOContext *io = NULL;
	enum err err = ERR_NO_MEMORY;

	if (in && buf)
		io = avio_alloc_context(buf, 32768, 0, &s, source_read, NULL,
		    source_seek);
	if (!io) {
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
		err = decode(in, ret_width, ret_height, ret_scene);
	avformat_close_input(&in);
	av_freep(&io->buffer);
	avio_context_free(&io);
	return err;
}
