#include "web/page.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "web/gzip.h"
#include "web/reply.h"
#include "web/tls.h"

#define FILES_MAX 200
#define TOTAL_MAX (16u << 20)
#define DEPTH_MAX 3

struct file {
	char path[PATH_MAX_WEB + 1];
	const char *type;
	char etag[2 * 16 + 3];
	char *p;
	size_t n;
	void *small;	/* the same as gzip; NULL: it becomes no smaller */
	size_t small_n;
};

static struct file files[FILES_MAX];
static size_t files_n, total;

/* What may be sent at all; other files in the directory do not exist. */
static const struct {
	const char *end, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".json", "application/json"},
};

static const char *type_of(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t e = strlen(types[i].end);

		if (n > e && strcmp(path + n - e, types[i].end) == 0)
			return types[i].type;
	}
	return NULL;
}

static enum err read_all(int fd, char **ret, size_t *ret_n)
{
	struct stat st;
	char *p;
	size_t n = 0;

	if (fstat(fd, &st) != 0)
		return ERR_SYS;
	if (st.st_size > TOTAL_MAX - (off_t)total)
		return ERR_TOO_LARGE;
	p = malloc((size_t)st.st_size + 1);
	if (!p)
		return ERR_NO_MEMORY;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, p + n, (size_t)st.st_size - n);

		if (got <= 0) {
			free(p);
			return ERR_SYS;
		}
		n += (size_t)got;
	}
	*ret = p;
	*ret_n = n;
	return OK;
}

static enum err add(int dir, const char *name, const char *path)
{
	struct file *f = &files[files_n];
	unsigned char sum[32];
	enum err err;
	int fd;

	f->type = type_of(path);
	if (!f->type || !args_is_path(path, strlen(path)))
		return OK;
	if (files_n >= FILES_MAX)
		return ERR_TOO_LARGE;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ERR_SYS;
	err = read_all(fd, &f->p, &f->n);
	close(fd);
	if (err != OK)
		return err;
	err = tls_sha256(f->p, f->n, sum);
	if (err != OK) {
		free(f->p);
		return err;
	}
	snprintf(f->path, sizeof(f->path), "%s", path);
	for (int i = 0; i < 16; i++)
		sprintf(f->etag + 2 * i, "%02x", sum[i]);
	f->small = gzip_text(f->p, f->n, GZIP_BEST, &f->small_n);
	total += f->n;
	files_n++;
	return OK;
}

/* Add what is in the directory fd (given), whose path is prefix. */
static enum err walk(int fd, const char *prefix, int depth)
{
	DIR *d = fdopendir(fd);
	enum err err = OK;
	struct dirent *e;

	if (!d) {
		close(fd);
		return ERR_SYS;
	}
	while (err == OK && (e = readdir(d))) {
		char path[PATH_MAX_WEB + 1];
		struct stat st;
		int sub;

		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", prefix, e->d_name) >=
			(int)sizeof(path))
			continue;
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			err = add(fd, e->d_name, path);
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			sub = openat(fd, e->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			err = sub < 0 ? ERR_SYS : walk(sub, path, depth + 1);
		}
	}
	closedir(d);
	return err;
}

enum err page_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = fd < 0 ? ERR_SYS : walk(fd, "", 1);

	if (err == OK && page_has("/index.html"))
		return OK;
	log_error("[web] ui = %s: no pages there: %s", dir,
	    err != OK ? err_text(err) : "index.html is missing");
	page_close();
	return ERR_CONFIG;
}

void page_close(void)
{
	while (files_n > 0) {
		free(files[--files_n].p);
		free(files[files_n].small);
	}
	total = 0;
}

static const struct file *find(const char *path)
{
	for (size_t i = 0; i < files_n; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

bool page_has(const char *path)
{
	return find(path) != NULL;
}

/* If-None-Match: a list of tags, or "*" (RFC 9110, 13.1.2). */
static bool has_it(struct http *x, const struct file *f)
{
	const char *h = http_header(x, "If-None-Match");

	return h && (strcmp(h, "*") == 0 || strstr(h, f->etag));
}

static void send(struct http *x, const char *path, unsigned status)
{
	const struct file *f = find(path);
	char etag[sizeof(f->etag) + 3];
	bool small;

	if (!f) {
		reply_problem(x, ERR_NOT_FOUND, NULL, NULL);
		return;
	}
	x->reply.cache = "no-cache";
	x->reply.status = status;
	small = f->small && gzip_taken(http_header(x, "Accept-Encoding"));
	snprintf(etag, sizeof(etag), "%s%s", f->etag, small ? "-gz" : "");
	reply_header(x, "Vary", "Accept-Encoding");
	if (!reply_etag(x, etag))
		return;
	if (status == 200 && has_it(x, f)) {
		x->reply.status = 304;
		return;
	}
	x->reply.type = f->type;
	x->reply.p = small ? f->small : f->p;
	x->reply.n = small ? f->small_n : f->n;
	if (small)
		reply_header(x, "Content-Encoding", "gzip");
}

void page_file(struct http *x)
{
	send(x, x->path, 200);
}

void page_index(struct http *x)
{
	send(x, "/index.html", 200);
}

void page_missing(struct http *x)
{
	const char *accept = http_header(x, "Accept");

	if (strncmp(x->path, "/api/", 5) == 0 ||
	    strncmp(x->path, "/media/", 7) == 0 || !accept ||
	    !strstr(accept, "text/html") || !page_has("/index.html") ||
	    (x->method != METHOD_GET && x->method != METHOD_HEAD))
		reply_problem(x, ERR_NOT_FOUND, NULL, NULL);
	else
		send(x, "/index.html", 404);
}
