#include "web/gate.h"

#include <stdbool.h>

void gate_init(struct gate *gate, int running_max, int waiting_max)
{
    *gate = (struct gate){.running_max = running_max, .waiting_max = waiting_max};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->left, NULL);
}

void gate_done(struct gate *gate)
{
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
}

enum err gate_enter(struct gate *gate)
{
    bool entered = true;

    pthread_mutex_lock(&gate->lock);
    /* Whoever waits already comes first. */
    if (gate->running == gate->running_max || gate->waiting > 0) {
        entered = gate->waiting < gate->waiting_max;
        gate->waiting += entered;
        while (entered && gate->running == gate->running_max)
            pthread_cond_wait(&gate->left, &gate->lock);
        gate->waiting -= entered;
    }
    gate->running += entered;
    pthread_mutex_unlock(&gate->lock);
    return entered ? OK : fail(ERR_BUSY, "as many as may do this at once already do");
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->running--;
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
