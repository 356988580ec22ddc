/*
 * array.h - an array that doubles. Pure.
 */
#ifndef SAQTA_ARRAY_H
#define SAQTA_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Room for one more element.
 *
 *   array   address of the pointer to it (NULL: none yet), to be freed by free()
 *   n       elements in it
 *   room    elements that fit; kept here
 *   size    of an element
 *
 * False where there is no memory; the array is as it was.
 */
static inline bool array_room(void *array, size_t n, size_t *room, size_t size)
{
	void **p = array;
	size_t want = *room ? 2 * *room : 64;
	void *bigger;

	if (n < *room)
		return true;
	bigger = realloc(*p, want * size);
	if (!bigger)
		return false;
	*p = bigger;
	*room = want;
	return true;
}

#endif
