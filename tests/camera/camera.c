/*
 * camera.c - a simulated ATM camera: a real RTSP server with a drawn scene.
 *
 * One thread draws a frame each 1/fps s and hands it to the media that the
 * clients share, so two clients get the same frames; without clients nothing
 * is encoded. The frame number counts on regardless.
 *
 * SIGUSR1 freezes the picture (the connection stays, nothing comes), SIGUSR2
 * goes on, SIGTERM and SIGINT end it.
 */
#include <getopt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib-unix.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

#include "tests/camera/scene.h"

#define ROLE "viewer"
#define SEC INT64_C(1000000000)

struct options {
	const char *bind, *port, *path, *name, *user, *password, *dump;
	int h265, width, height, fps, gop, bframes, kbps, signs;
};

struct camera {
	struct options o;
	struct scene *scene;
	FILE *dump;		/* coded pictures as they were sent */
	GMutex lock;		/* src, first_pts, first_frame */
	GstAppSrc *src;		/* NULL while nobody watches */
	GstClockTime first_pts;	/* of the media, none before its 1st frame */
	uint32_t first_frame;
	atomic_bool stop, frozen;
};

static _Noreturn void usage(int status)
{
	fputs("usage: camera --port N [--bind 127.0.0.1] [--path /stream]\n"
	      "  [--codec h264|h265] [--size 640x360] [--fps 25] [--gop 25]\n"
	      "  [--bframes 0] [--kbps 400] [--name TEXT] [--dump FILE]\n"
	      "  [--signs 1] (H.264: SEI of a camera that signs its video)\n"
	      "  [--user U --password P]\n"
	      "Port 0 takes a free one. --dump writes the pictures as sent "
	      "(Annex B).\n",
	    status ? stderr : stdout);
	exit(status);
}

/* A number of min..max, or the usage. */
static int number(const char *s, int min, int max)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (!*s || *end || v < min || v > max)
		usage(2);
	return (int)v;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"port", 1, NULL, 'p'},
	    {"bind", 1, NULL, 'b'},
	    {"path", 1, NULL, 'P'},
	    {"codec", 1, NULL, 'c'},
	    {"size", 1, NULL, 's'},
	    {"fps", 1, NULL, 'f'},
	    {"gop", 1, NULL, 'g'},
	    {"bframes", 1, NULL, 'B'},
	    {"kbps", 1, NULL, 'k'},
	    {"name", 1, NULL, 'n'},
	    {"dump", 1, NULL, 'd'},
	    {"signs", 1, NULL, 'S'},
	    {"user", 1, NULL, 'u'},
	    {"password", 1, NULL, 'w'},
	    {"help", 0, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.bind = "127.0.0.1",
	    .path = "/stream",
	    .name = "CAM 1",
	    .width = 640,
	    .height = 360,
	    .fps = 25,
	    .gop = 25,
	    .kbps = 400};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->port = optarg;
			break;
		case 'b':
			o->bind = optarg;
			break;
		case 'P':
			o->path = optarg;
			break;
		case 'c':
			o->h265 = !strcmp(optarg, "h265");
			if (!o->h265 && strcmp(optarg, "h264"))
				usage(2);
			break;
		case 's':
			if (sscanf(optarg, "%dx%d", &o->width, &o->height) != 2)
				usage(2);
			break;
		case 'f':
			o->fps = number(optarg, 1, 60);
			break;
		case 'g':
			o->gop = number(optarg, 1, 10000);
			break;
		case 'B':
			o->bframes = number(optarg, 0, 4);
			break;
		case 'k':
			o->kbps = number(optarg, 50, 50000);
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'd':
			o->dump = optarg;
			break;
		case 'S':
			o->signs = number(optarg, 0, 1);
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'w':
			o->password = optarg;
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	if (optind != argc || !o->port || o->path[0] != '/' ||
	    !o->user != !o->password || o->width < SCENE_MIN_WIDTH ||
	    o->height < SCENE_MIN_HEIGHT || o->width % 2 || o->height % 2)
		usage(2);
}

/* The pipeline of the shared media, in the syntax of gst-launch. */
static char *launch_line(const struct options *o)
{
	/* zerolatency forbids B-frames; the others are spelled out then */
	const char *tune =
	    o->bframes ? "rc-lookahead=5 sync-lookahead=0" : "tune=zerolatency";

	if (o->h265)
		return g_strdup_printf(
		    "( appsrc name=src ! x265enc "
		    "speed-preset=ultrafast tune=%s bitrate=%d "
		    "key-int-max=%d option-string=\"scenecut=0:bframes=%d:"
		    "pools=1:frame-threads=1:log-level=0\" ! video/x-h265,"
		    "stream-format=byte-stream,alignment=au ! "
		    "rtph265pay name=pay0 pt=96 config-interval=-1 )",
		    o->bframes ? "ssim" : "zerolatency", o->kbps, o->gop,
		    o->bframes);
	return g_strdup_printf(
	    "( appsrc name=src ! x264enc "
	    "speed-preset=ultrafast %s bitrate=%d key-int-max=%d bframes=%d "
	    "threads=1 option-string=\"scenecut=0\" ! video/x-h264,"
	    "stream-format=byte-stream,alignment=au ! "
	    "rtph264pay name=pay0 pt=96 config-interval=-1 )",
	    tune, o->kbps, o->gop, o->bframes);
}

static GstPadProbeReturn on_coded(GstPad *pad, GstPadProbeInfo *info,
    gpointer arg)
{
	struct camera *cam = arg;
	GstMapInfo map;

	(void)pad;
	if (gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map,
		GST_MAP_READ)) {
		fwrite(map.data, 1, map.size, cam->dump);
		fflush(cam->dump);
		gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
	}
	return GST_PAD_PROBE_OK;
}

/*
 * What ONVIF Media Signing puts before the slices of a key frame, but for what
 * the signature says: nobody here checks that.
 */
static GstPadProbeReturn on_key(GstPad *pad, GstPadProbeInfo *info,
    gpointer arg)
{
	static const unsigned char sei[] = {0, 0, 0, 1, 6, 5, 17, 0x00, 0x5b,
	    0xc9, 0x3f, 0x2d, 0x71, 0x5e, 0x95, 0xad, 0xa4, 0x79, 0x6f, 0x90,
	    0x87, 0x7a, 0x6f, 'x', 0x80};
	GstBuffer *in = GST_PAD_PROBE_INFO_BUFFER(info), *out;
	GstMapInfo map;
	gsize at = 0;

	(void)pad;
	(void)arg;
	if (GST_BUFFER_FLAG_IS_SET(in, GST_BUFFER_FLAG_DELTA_UNIT) ||
	    !gst_buffer_map(in, &map, GST_MAP_READ))
		return GST_PAD_PROBE_OK;
	/* the start code before the first slice of an IDR picture */
	while (at + 4 < map.size &&
	    (memcmp(map.data + at, "\0\0\1", 3) != 0 ||
		(map.data[at + 3] & 31) != 5))
		at++;
	if (at && !map.data[at - 1])
		at--;
	gst_buffer_unmap(in, &map);
	out = gst_buffer_copy_region(in, GST_BUFFER_COPY_ALL, 0, at);
	out = gst_buffer_append(out, gst_buffer_new_memdup(sei, sizeof(sei)));
	out = gst_buffer_append(out,
	    gst_buffer_copy_region(in, GST_BUFFER_COPY_MEMORY, at,
		gst_buffer_get_size(in) - at));
	GST_PAD_PROBE_INFO_DATA(info) = out;
	gst_buffer_unref(in);
	return GST_PAD_PROBE_OK;
}

static void on_unprepared(GstRTSPMedia *media, gpointer arg)
{
	struct camera *cam = arg;

	(void)media;
	g_mutex_lock(&cam->lock);
	g_clear_object(&cam->src);
	g_mutex_unlock(&cam->lock);
}

static void on_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media,
    gpointer arg)
{
	struct camera *cam = arg;
	GstElement *bin = gst_rtsp_media_get_element(media);
	GstElement *src = gst_bin_get_by_name(GST_BIN(bin), "src");
	GstElement *pay = gst_bin_get_by_name(GST_BIN(bin), "pay0");
	GstCaps *caps = gst_caps_new_simple("video/x-raw", "format",
	    G_TYPE_STRING, "I420", "width", G_TYPE_INT, cam->o.width, "height",
	    G_TYPE_INT, cam->o.height, "framerate", GST_TYPE_FRACTION,
	    cam->o.fps, 1, NULL);

	(void)factory;
	g_object_set(src, "caps", caps, "is-live", TRUE, "format",
	    GST_FORMAT_TIME, NULL);
	if (cam->o.signs) {
		GstPad *pad = gst_element_get_static_pad(pay, "sink");

		gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_key, cam,
		    NULL);
		gst_object_unref(pad);
	}
	if (cam->dump) {
		GstPad *pad = gst_element_get_static_pad(pay, "sink");

		gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_coded, cam,
		    NULL);
		gst_object_unref(pad);
	}
	g_signal_connect(media, "unprepared", G_CALLBACK(on_unprepared), cam);
	g_mutex_lock(&cam->lock);
	g_clear_object(&cam->src);
	cam->src = GST_APP_SRC(src);
	cam->first_pts = GST_CLOCK_TIME_NONE;
	g_mutex_unlock(&cam->lock);
	gst_caps_unref(caps);
	gst_object_unref(pay);
	gst_object_unref(bin);
}

/* Draw frame n and push it, where somebody watches and the clock runs. */
static void push_frame(struct camera *cam, int64_t unix_ns, uint32_t n)
{
	GstClockTime step = GST_SECOND / (GstClockTime)cam->o.fps;
	GstClockTime now;
	GstMapInfo map;
	GstBuffer *buf;

	g_mutex_lock(&cam->lock);
	now = cam->src ?
	    gst_element_get_current_running_time(GST_ELEMENT(cam->src)) :
	    GST_CLOCK_TIME_NONE;
	if (!GST_CLOCK_TIME_IS_VALID(now))
		goto out;
	if (!GST_CLOCK_TIME_IS_VALID(cam->first_pts)) {
		cam->first_pts = now;
		cam->first_frame = n;
	}
	buf = gst_buffer_new_allocate(NULL, scene_bytes(cam->scene), NULL);
	if (!buf || !gst_buffer_map(buf, &map, GST_MAP_WRITE))
		goto out;
	scene_draw(cam->scene, unix_ns, n, map.data);
	gst_buffer_unmap(buf, &map);
	GST_BUFFER_PTS(buf) = cam->first_pts + (n - cam->first_frame) * step;
	GST_BUFFER_DURATION(buf) = step;
	gst_app_src_push_buffer(cam->src, buf);
out:
	g_mutex_unlock(&cam->lock);
}

static gpointer draw_thread(gpointer arg)
{
	struct camera *cam = arg;
	int64_t step = SEC / cam->o.fps, start_mono, start_wall;
	struct timespec t;
	uint32_t n;

	clock_gettime(CLOCK_MONOTONIC, &t);
	start_mono = t.tv_sec * SEC + t.tv_nsec;
	clock_gettime(CLOCK_REALTIME, &t);
	start_wall = t.tv_sec * SEC + t.tv_nsec;
	for (n = 0; !cam->stop; n++) {
		int64_t due = start_mono + n * step;

		t = (struct timespec){due / SEC, due % SEC};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		if (!cam->frozen)
			push_frame(cam, start_wall + n * step, n);
	}
	return NULL;
}

static void require_digest(const struct options *o, GstRTSPServer *server,
    GstRTSPMediaFactory *factory)
{
	GstRTSPAuth *auth = gst_rtsp_auth_new();
	GstRTSPToken *token =
	    gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING,
		ROLE, NULL);

	gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
	gst_rtsp_auth_add_digest(auth, o->user, o->password, token);
	gst_rtsp_server_set_auth(server, auth);
	gst_rtsp_media_factory_add_role(factory, ROLE,
	    GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, G_TYPE_BOOLEAN, TRUE,
	    GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, G_TYPE_BOOLEAN, TRUE, NULL);
	gst_rtsp_token_unref(token);
	g_object_unref(auth);
}

/* NULL when the port is taken. */
static GstRTSPServer *serve(struct camera *cam)
{
	GstRTSPServer *server = gst_rtsp_server_new();
	GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
	GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
	char *line = launch_line(&cam->o);

	gst_rtsp_server_set_address(server, cam->o.bind);
	gst_rtsp_server_set_service(server, cam->o.port);
	gst_rtsp_media_factory_set_launch(factory, line);
	gst_rtsp_media_factory_set_shared(factory, TRUE);
	g_signal_connect(factory, "media-configure", G_CALLBACK(on_configure),
	    cam);
	if (cam->o.user)
		require_digest(&cam->o, server, factory);
	gst_rtsp_mount_points_add_factory(mounts, cam->o.path, factory);
	g_object_unref(mounts);
	g_free(line);
	if (!gst_rtsp_server_attach(server, NULL))
		g_clear_object(&server);
	return server;
}

static gboolean on_stop(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

static gboolean on_freeze(gpointer cam)
{
	((struct camera *)cam)->frozen = true;
	return G_SOURCE_CONTINUE;
}

static gboolean on_thaw(gpointer cam)
{
	((struct camera *)cam)->frozen = false;
	return G_SOURCE_CONTINUE;
}

/* Clients that vanish leave sessions behind; end them now and then. */
static gboolean on_tidy(gpointer server)
{
	GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool(server);

	gst_rtsp_session_pool_cleanup(pool);
	g_object_unref(pool);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	static struct camera cam;
	GMainLoop *loop;
	GstRTSPServer *server;
	GThread *thread;

	parse(argc, argv, &cam.o);
	gst_init(NULL, NULL);
	loop = g_main_loop_new(NULL, FALSE);
	cam.scene = scene_new(cam.o.width, cam.o.height, cam.o.name);
	if (!cam.scene)
		return 1;
	if (cam.o.dump && !(cam.dump = fopen(cam.o.dump, "wb"))) {
		perror(cam.o.dump);
		return 1;
	}
	server = serve(&cam);
	if (!server) {
		fprintf(stderr, "camera: cannot listen on %s port %s\n",
		    cam.o.bind, cam.o.port);
		return 1;
	}
	g_unix_signal_add(SIGTERM, on_stop, loop);
	g_unix_signal_add(SIGINT, on_stop, loop);
	g_unix_signal_add(SIGUSR1, on_freeze, &cam);
	g_unix_signal_add(SIGUSR2, on_thaw, &cam);
	g_timeout_add_seconds(2, on_tidy, server);
	thread = g_thread_new("draw", draw_thread, &cam);
	printf("ready rtsp://%s:%d%s\n", cam.o.bind,
	    gst_rtsp_server_get_bound_port(server), cam.o.path);
	fflush(stdout);
	g_main_loop_run(loop);

	cam.stop = true;
	g_thread_join(thread);
	if (cam.dump && fclose(cam.dump)) {
		perror(cam.o.dump);
		return 1;
	}
	scene_free(cam.scene);
	return 0;
}
