/* A race for ThreadSanitizer to see: two threads count without asking each other. */
#include <pthread.h>
#include <stddef.h>

enum { TIMES = 10000 };

static int count;

static void *add(void *unused)
{
    for (int i = 0; i < TIMES; i++)
        count++;
    return unused;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, add, NULL) != 0)
        return;
    add(NULL);
    pthread_join(thread, NULL);
}
