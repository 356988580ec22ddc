#include "web/stats.h"

#include <stdio.h>
#include <stdlib.h>

#define CLASSES 6	/* of status codes: 1xx to 5xx */

static const double le[] = {0.005, 0.025, 0.1, 0.5, 2.5, 10};
#define BUCKETS (sizeof(le) / sizeof(le[0]))

static struct {
	unsigned long long bucket[BUCKETS], count, of_class[CLASSES];
	double sum;
	long long certificate_ends_s;
} all;

void stats_certificate(long long ends_s)
{
	all.certificate_ends_s = ends_s;
}

void stats_answered(struct mono began, struct mono now, unsigned status)
{
	double s = (double)(now.ns - began.ns) / (double)NS_PER_SEC;

	for (size_t i = 0; i < BUCKETS; i++)
		all.bucket[i] += s <= le[i];
	all.count++;
	all.sum += s;
	if (status / 100 < CLASSES)
		all.of_class[status / 100]++;
}

char *stats_text(const char *p, size_t n)
{
	static const char name[] = "saqta_http_request_duration_seconds";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fwrite(p, 1, n, f);
	fprintf(f,
	    "# HELP %s From a request's first byte to its answer's.\n"
	    "# TYPE %s histogram\n",
	    name, name);
	for (size_t i = 0; i < BUCKETS; i++)
		fprintf(f, "%s_bucket{le=\"%g\"} %llu\n", name, le[i],
		    all.bucket[i]);
	fprintf(f,
	    "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n"
	    "# HELP saqta_http_responses_total Answers, by class of status.\n"
	    "# TYPE saqta_http_responses_total counter\n",
	    name, all.count, name, all.sum, name, all.count);
	for (unsigned i = 1; i < CLASSES; i++)
		fprintf(f, "saqta_http_responses_total{class=\"%uxx\"} %llu\n",
		    i, all.of_class[i]);
	fprintf(f,
	    "# HELP saqta_certificate_expiry_timestamp_seconds When the "
	    "certificate of the pages ends.\n"
	    "# TYPE saqta_certificate_expiry_timestamp_seconds gauge\n"
	    "saqta_certificate_expiry_timestamp_seconds %lld\n",
	    all.certificate_ends_s);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
