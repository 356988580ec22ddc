#include "recorder/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recorder/picture.h"
#include "storage/api/wire.h"

enum err show_proof(struct feed *f, const struct feed_event *e)
{
	uint16_t width = 0, height = 0;
	struct scene scene = {.print = 0};
	enum err sent;
	const void *p;
	size_t n;
	enum err err = bulk_map(e->fd, WIRE_BULK_MAX, &p, &n);

	close(e->fd);
	if (!err) {
		err = picture_decode(p, n, &width, &height, &scene);
		bulk_unmap(p, n);
	}
	sent = err || !scene.print ? OK : feed_scene(f, e->seq, &scene);
	if (sent)
		return sent;
	return feed_picture(f, e->seq, e->id, !err, width, height);
}

enum err show_aim(struct feed *f, const struct feed_event *e)
{
	unsigned char *jpeg = NULL;
	size_t n, jpeg_n = 0;
	const void *p;
	enum err err = bulk_map(e->fd, WIRE_BULK_MAX, &p, &n);

	close(e->fd);
	if (!err) {
		err = picture_jpeg(p, n, &jpeg, &jpeg_n);
		bulk_unmap(p, n);
	}
	err = feed_aim(f, e->id, jpeg, jpeg_n);
	if (jpeg)
		explicit_bzero(jpeg, jpeg_n);
	free(jpeg);
	return err;
}
