/*
 * writer: what the writer and its checkpoint thread share.
 *
 * Invariant: both threads block every signal: the process's signals go to its main thread.
 */
#ifndef DB_WRITER_H
#define DB_WRITER_H

#include <pthread.h>

#include "base/err.h"

struct checkpointer;

/* pthread_create with all signals blocked in the new thread. */
enum err writer_start_thread(pthread_t *thread, void *(*run)(void *), void *argument);

/* A thread with a connection of its own that keeps the log of path short. The caller must
 * dispose of it with checkpointer_free, which waits for the thread's end; NULL is allowed. */
enum err checkpointer_new(const char *path, struct checkpointer **checkpointer);
void checkpointer_free(struct checkpointer *checkpointer);

#endif
