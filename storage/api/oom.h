/*
 * oom.h - who goes first when memory is short (proc(5), oom_score_adj).
 *
 * A unit's limit, or the machine's, is then one process's end, not that of the
 * process which all others hang on.
 */
#ifndef SAQTA_OOM_H
#define SAQTA_OOM_H

/* Of 1000 that a limit has: as if that much more of it were one's own. */
#define OOM_FIRST 300

/*
 * The kernel ends this process, and what it forks from now on, before those
 * that did not ask for it. To be called before the process is made undumpable:
 * its own file in /proc is not its own afterwards.
 *
 * Where that cannot be written nothing has changed, and the log says so.
 */
void oom_first(void);

#endif
