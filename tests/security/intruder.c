/* Stands for an intruder who has taken over a thread of the server: waits until the file of
 * GUICHET_INTRUDER exists, then does what it says in the server's own process: "exec" becomes
 * another program, "fork" makes another process, "look" writes whether another process of the same
 * user could look into this one (PR_GET_DUMPABLE). What comes of it is written next to the file,
 * by the program or process it has started. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { WORD_MAX = 16, NAME_MAX_LEN = 300 };

static char order[NAME_MAX_LEN], proof[NAME_MAX_LEN + 8];

static void prove(const char *text)
{
    int fd = open(proof, O_WRONLY | O_CREAT, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        abort();
    close(fd);
}

static void carry_out(const char *word)
{
    char *const words[] = {"/usr/bin/touch", proof, NULL};

    if (strcmp(word, "exec") == 0)
        execv(words[0], words);
    else if (strcmp(word, "look") == 0)
        prove(prctl(PR_GET_DUMPABLE) == 0 ? "no" : "yes");
    else if (fork() == 0) {
        prove("");
        _exit(0);
    }
}

static void *wait_for_order(void *unused)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    for (;;) {
        char word[WORD_MAX] = "";
        int fd = open(order, O_RDONLY);

        if (fd >= 0 && read(fd, word, sizeof(word) - 1) > 0) {
            close(fd);
            carry_out(word);
            return unused;
        }
        if (fd >= 0)
            close(fd);
        nanosleep(&pause, NULL);
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("GUICHET_INTRUDER");
    pthread_t thread;

    if (!name || strlen(name) >= sizeof(order))
        return;
    memcpy(order, name, strlen(name) + 1);
    snprintf(proof, sizeof(proof), "%s.proof", order);
    unsetenv("LD_PRELOAD");
    if (pthread_create(&thread, NULL, wait_for_order, NULL) == 0)
        pthread_detach(thread);
}
