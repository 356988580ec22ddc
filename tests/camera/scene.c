/* scene.c - see scene.h */
#include "tests/camera/scene.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BIT 16			/* side of a square that carries one bit */
#define BLACK 16
#define WHITE 235

struct scene {
	int width, height;
	char name[64];
	uint8_t *room;		/* what never changes, I420 */
};

/* 5 x 7 glyphs from ' ' to 'Z': five columns, lowest bit on top. */
static const uint8_t glyphs[][5] = {
    {0x00, 0x00, 0x00, 0x00, 0x00},
    {0x00, 0x00, 0x5f, 0x00, 0x00},
    {0x00, 0x07, 0x00, 0x07, 0x00},
    {0x14, 0x7f, 0x14, 0x7f, 0x14},
    {0x24, 0x2a, 0x7f, 0x2a, 0x12},
    {0x23, 0x13, 0x08, 0x64, 0x62},
    {0x36, 0x49, 0x56, 0x20, 0x50},
    {0x00, 0x08, 0x07, 0x03, 0x00},
    {0x00, 0x1c, 0x22, 0x41, 0x00},
    {0x00, 0x41, 0x22, 0x1c, 0x00},
    {0x2a, 0x1c, 0x7f, 0x1c, 0x2a},
    {0x08, 0x08, 0x3e, 0x08, 0x08},
    {0x00, 0x80, 0x70, 0x30, 0x00},
    {0x08, 0x08, 0x08, 0x08, 0x08},
    {0x00, 0x00, 0x60, 0x60, 0x00},
    {0x20, 0x10, 0x08, 0x04, 0x02},
    {0x3e, 0x51, 0x49, 0x45, 0x3e},
    {0x00, 0x42, 0x7f, 0x40, 0x00},
    {0x72, 0x49, 0x49, 0x49, 0x46},
    {0x21, 0x41, 0x49, 0x4d, 0x33},
    {0x18, 0x14, 0x12, 0x7f, 0x10},
    {0x27, 0x45, 0x45, 0x45, 0x39},
    {0x3c, 0x4a, 0x49, 0x49, 0x31},
    {0x41, 0x21, 0x11, 0x09, 0x07},
    {0x36, 0x49, 0x49, 0x49, 0x36},
    {0x46, 0x49, 0x49, 0x29, 0x1e},
    {0x00, 0x00, 0x14, 0x00, 0x00},
    {0x00, 0x40, 0x34, 0x00, 0x00},
    {0x00, 0x08, 0x14, 0x22, 0x41},
    {0x14, 0x14, 0x14, 0x14, 0x14},
    {0x00, 0x41, 0x22, 0x14, 0x08},
    {0x02, 0x01, 0x59, 0x09, 0x06},
    {0x3e, 0x41, 0x5d, 0x59, 0x4e},
    {0x7c, 0x12, 0x11, 0x12, 0x7c},
    {0x7f, 0x49, 0x49, 0x49, 0x36},
    {0x3e, 0x41, 0x41, 0x41, 0x22},
    {0x7f, 0x41, 0x41, 0x41, 0x3e},
    {0x7f, 0x49, 0x49, 0x49, 0x41},
    {0x7f, 0x09, 0x09, 0x09, 0x01},
    {0x3e, 0x41, 0x41, 0x51, 0x73},
    {0x7f, 0x08, 0x08, 0x08, 0x7f},
    {0x00, 0x41, 0x7f, 0x41, 0x00},
    {0x20, 0x40, 0x41, 0x3f, 0x01},
    {0x7f, 0x08, 0x14, 0x22, 0x41},
    {0x7f, 0x40, 0x40, 0x40, 0x40},
    {0x7f, 0x02, 0x1c, 0x02, 0x7f},
    {0x7f, 0x04, 0x08, 0x10, 0x7f},
    {0x3e, 0x41, 0x41, 0x41, 0x3e},
    {0x7f, 0x09, 0x09, 0x09, 0x06},
    {0x3e, 0x41, 0x51, 0x21, 0x5e},
    {0x7f, 0x09, 0x19, 0x29, 0x46},
    {0x26, 0x49, 0x49, 0x49, 0x32},
    {0x03, 0x01, 0x7f, 0x01, 0x03},
    {0x3f, 0x40, 0x40, 0x40, 0x3f},
    {0x1f, 0x20, 0x40, 0x20, 0x1f},
    {0x3f, 0x40, 0x38, 0x40, 0x3f},
    {0x63, 0x14, 0x08, 0x14, 0x63},
    {0x03, 0x04, 0x78, 0x04, 0x03},
    {0x61, 0x59, 0x49, 0x4d, 0x43},
};

/* A rectangle of one brightness, clipped to the picture. */
static void box(const struct scene *s, uint8_t *luma, int x, int y, int w,
    int h, int value)
{
	int row;

	if (x < 0) {
		w += x;
		x = 0;
	}
	if (x + w > s->width)
		w = s->width - x;
	if (w <= 0)
		return;
	for (row = y < 0 ? 0 : y; row < y + h && row < s->height; row++)
		memset(luma + (size_t)row * (size_t)s->width + x, value,
		    (size_t)w);
}

static void glyph(const struct scene *s, uint8_t *luma, int x, int y, int scale,
    char c)
{
	int i = toupper((unsigned char)c) - ' ', col, row;

	if (i < 0 || i >= (int)(sizeof(glyphs) / sizeof(glyphs[0])))
		i = '?' - ' ';
	for (col = 0; col < 5; col++)
		for (row = 0; row < 7; row++)
			if (glyphs[i][col] >> row & 1)
				box(s, luma, x + col * scale, y + row * scale,
				    scale, scale, WHITE);
}

static void text(const struct scene *s, uint8_t *luma, int x, int y, int scale,
    const char *str)
{
	box(s, luma, x - 4, y - 4, (int)strlen(str) * 6 * scale + 8,
	    7 * scale + 8, BLACK);
	for (; *str; str++, x += 6 * scale)
		glyph(s, luma, x, y, scale, *str);
}

static void bits(const struct scene *s, uint8_t *luma, int y, uint32_t value)
{
	int i;

	for (i = 0; i < 32; i++)
		box(s, luma, BIT + i * BIT, y, BIT, BIT,
		    value >> (31 - i) & 1 ? WHITE : BLACK);
}

/* Wall, floor and the machine: the part that is drawn once. */
static void draw_room(struct scene *s)
{
	size_t luma = (size_t)s->width * (size_t)s->height;
	int y, floor_y = s->height * 7 / 10;

	for (y = 0; y < s->height; y++)
		box(s, s->room, 0, y, s->width, 1,
		    y < floor_y ? 90 + y / 8 : 60 + (y - floor_y) / 4);
	box(s, s->room, s->width * 3 / 4, s->height / 4, s->width / 6,
	    s->height / 2, 150);
	box(s, s->room, s->width * 3 / 4 + 12, s->height / 4 + 16,
	    s->width / 6 - 24, s->height / 8, 40);
	memset(s->room + luma, 132, luma / 4);
	memset(s->room + luma + luma / 4, 120, luma / 4);
}

/* Somebody who crosses the room in 12 s and back. */
static void draw_person(const struct scene *s, uint8_t *luma, int64_t ms)
{
	int64_t phase = ms % 24000;
	int way = s->width - 60, h = s->height / 2, bob, x;

	if (phase > 12000)
		phase = 24000 - phase;
	x = (int)(phase * way / 12000);
	bob = (int)(ms / 200 % 2) * 4;
	box(s, luma, x + 14, s->height / 3 - 30 + bob, 28, 32, 190);
	box(s, luma, x, s->height / 3 + 4 + bob, 56, h / 2, 45);
	box(s, luma, x + 6 + bob, s->height / 3 + 4 + h / 2, 16, h / 3, 30);
	box(s, luma, x + 34 - bob, s->height / 3 + 4 + h / 2, 16, h / 3, 30);
}

struct scene *scene_new(int width, int height, const char *name)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->width = width;
	s->height = height;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->room = malloc(scene_bytes(s));
	if (!s->room) {
		free(s);
		return NULL;
	}
	draw_room(s);
	return s;
}

void scene_free(struct scene *s)
{
	if (!s)
		return;
	free(s->room);
	free(s);
}

size_t scene_bytes(const struct scene *s)
{
	return (size_t)s->width * (size_t)s->height * 3 / 2;
}

void scene_draw(const struct scene *s, int64_t unix_ns, uint32_t frame,
    uint8_t *i420)
{
	time_t sec = unix_ns / 1000000000;
	int ms = (int)(unix_ns / 1000000 % 1000);
	char day[32], line[64];
	struct tm tm;

	memcpy(i420, s->room, scene_bytes(s));
	draw_person(s, i420, unix_ns / 1000000);
	gmtime_r(&sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%s.%03d UTC", day, ms);
	text(s, i420, 16, s->height - 64, 3, s->name);
	text(s, i420, 16, s->height - 32, 3, line);
	bits(s, i420, 16, (uint32_t)(unix_ns / 40000000));
	bits(s, i420, 40, frame);
}
