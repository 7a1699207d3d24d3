/*
 * gate: how many threads may do something costly at once.
 *
 * Invariant: at most running_max are inside and at most waiting_max before it; everybody else is
 * told at once, so that the other pages keep their threads. (security.md row 12.)
 */
#ifndef WEB_GATE_H
#define WEB_GATE_H

#include <pthread.h>

#include "base/err.h"

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    int running, running_max;
    int waiting, waiting_max;
};

/* waiting_max 0: nobody waits. The caller must dispose of it with gate_done. */
void gate_init(struct gate *gate, int running_max, int waiting_max);
void gate_done(struct gate *gate);
/* Enters, after a wait where that is allowed; ERR_BUSY when it is full. */
enum err gate_enter(struct gate *gate);
/* Every gate_enter that said OK is followed by one gate_leave. */
void gate_leave(struct gate *gate);

#endif
