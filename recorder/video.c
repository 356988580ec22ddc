#include "recorder/video.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>

#include "recorder/clock.h"

#define ALLOC_MAX (64u << 20)	/* a fuzzer drove libavformat above 2 GB */

static enum AVCodecID id_of(enum codec codec)
{
	return codec == CODEC_H265 ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264;
}

void video_preload(void)
{
	av_max_alloc(ALLOC_MAX);
	av_log_set_level(AV_LOG_QUIET);
	(void)avcodec_find_decoder(AV_CODEC_ID_H264);
	(void)avcodec_find_decoder(AV_CODEC_ID_HEVC);
	(void)av_guess_format("mp4", NULL, NULL);
}

/* Lengths become start codes: both are four bytes here. */
static void annexb(unsigned char *p, size_t n)
{
	size_t at = 0;

	while (n - at > 4) {
		size_t len = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 |
		    (size_t)p[at + 2] << 8 | p[at + 3];

		memcpy(p + at, "\0\0\0\1", 4);
		if (len > n - at - 4)
			break;
		at += 4 + len;
	}
}

/* Sets and key frame through libavcodec's parser: size, profile, reordering. */
static enum err parse(enum codec codec, const unsigned char *sets,
    size_t sets_n, const struct unit *u, AVCodecParameters *par,
    struct video *ret)
{
	AVCodecParserContext *parser = av_parser_init((int)id_of(codec));
	AVCodecContext *ctx = avcodec_alloc_context3(NULL);
	size_t n = sets_n + u->n;
	unsigned char *buf = av_mallocz(n + AV_INPUT_BUFFER_PADDING_SIZE);
	const char *profile;
	uint8_t *out;
	int out_n;
	enum err err = ERR_NO_MEMORY;

	if (!parser || !ctx || !buf || n > INT_MAX / 2)
		goto out;
	memcpy(buf, sets, sets_n);
	memcpy(buf + sets_n, u->data, u->n);
	annexb(buf, n);
	ctx->codec_id = id_of(codec);
	ctx->codec_type = AVMEDIA_TYPE_VIDEO;
	parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
	av_parser_parse2(parser, ctx, &out, &out_n, buf, (int)n, AV_NOPTS_VALUE,
	    AV_NOPTS_VALUE, 0);
	err = ERR_FORMAT;
	if (parser->width <= 0 || parser->height <= 0 ||
	    parser->width > UINT16_MAX || parser->height > UINT16_MAX)
		goto out;
	par->codec_type = AVMEDIA_TYPE_VIDEO;
	par->codec_id = id_of(codec);
	par->codec_tag = codec == CODEC_H265 ? MKTAG('h', 'v', 'c', '1') :
					       MKTAG('a', 'v', 'c', '1');
	par->width = parser->width;
	par->height = parser->height;
	par->sample_aspect_ratio = ctx->sample_aspect_ratio;
	ret->width = (uint16_t)parser->width;
	ret->height = (uint16_t)parser->height;
	ret->reorder = ctx->has_b_frames;
	profile = avcodec_profile_name(id_of(codec), ctx->profile);
	snprintf(ret->profile, sizeof(ret->profile), "%s",
	    profile ? profile : "");
	err = OK;
out:
	av_free(buf);
	avcodec_free_context(&ctx);
	if (parser)
		av_parser_close(parser);
	return err;
}

static enum err write_moov(AVCodecParameters *par, unsigned char **ret,
    size_t *ret_n)
{
	AVFormatContext *ctx = NULL;
	AVDictionary *opt = NULL;
	uint8_t *buf = NULL;
	AVStream *st;
	int n = 0;
	enum err err = ERR_NO_MEMORY;

	if (avformat_alloc_output_context2(&ctx, NULL, "mp4", NULL) < 0)
		return ERR_NO_MEMORY;
	ctx->flags |= AVFMT_FLAG_BITEXACT;
	st = avformat_new_stream(ctx, NULL);
	if (!st || avcodec_parameters_copy(st->codecpar, par) < 0 ||
	    avio_open_dyn_buf(&ctx->pb) < 0)
		goto out;
	st->time_base = (AVRational){1, CLOCK_HZ};
	st->sample_aspect_ratio = par->sample_aspect_ratio;
	av_dict_set(&opt, "movflags",
	    "empty_moov+default_base_moof+frag_custom+skip_trailer", 0);
	av_dict_set(&opt, "use_editlist", "0", 0);
	av_dict_set_int(&opt, "video_track_timescale", CLOCK_HZ, 0);
	err = avformat_write_header(ctx, &opt) < 0 ? ERR_FORMAT : OK;
	n = avio_close_dyn_buf(ctx->pb, &buf);
	ctx->pb = NULL;
	if (!err && n <= 0)
		err = ERR_FORMAT;
out:
	av_dict_free(&opt);
	avformat_free_context(ctx);
	if (err) {
		av_free(buf);
		return err;
	}
	*ret = buf;
	*ret_n = (size_t)n;
	return OK;
}

enum err video_init_part(enum codec codec, const unsigned char *sets,
    size_t sets_n, const struct unit *u, struct video *ret,
    unsigned char **ret_init, size_t *ret_n)
{
	AVCodecParameters *par = avcodec_parameters_alloc();
	struct video v;
	enum err err = ERR_NO_MEMORY;

	if (!par)
		return ERR_NO_MEMORY;
	par->extradata = av_mallocz(sets_n + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!par->extradata)
		goto out;
	memcpy(par->extradata, sets, sets_n);
	annexb(par->extradata, sets_n);
	par->extradata_size = (int)sets_n;
	err = parse(codec, sets, sets_n, u, par, &v);
	if (!err)
		err = write_moov(par, ret_init, ret_n);
	if (!err)
		*ret = v;
out:
	avcodec_parameters_free(&par);
	return err;
}

void video_free(unsigned char *init)
{
	av_free(init);
}
