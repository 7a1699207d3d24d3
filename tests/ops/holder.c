/*
 * holder: holds the two listening sockets of Guichet as systemd does, and starts it again whenever
 * it has ended well.
 *   holder PAGE NOTIFICATION PROGRAM ARGUMENT...
 *
 * Invariant: the sockets stay open from the first start to the last. Prints "started PID" for each
 * start. SIGTERM is handed on to Guichet, and is the end. With PAGE and NOTIFICATION given as "-"
 * nothing is held, and Guichet makes its own sockets each time: that must be seen to lose
 * requests. Source: sd_listen_fds protocol (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; descriptors
 * from 3 on).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 1024, FIRST_FD = 3 };

static volatile sig_atomic_t ending;
static volatile pid_t child;

static void end(int signal_number)
{
    ending = 1;
    if (child > 0)
        kill(child, signal_number);
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* A listening socket at exactly that descriptor. */
static void hold(const char *path, int wanted)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        die("socket");
    strcpy(address.sun_path, path);
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0)
        die(path);
    if (fd != wanted && (dup2(fd, wanted) != wanted || close(fd) != 0))
        die("dup2");
}

static void start(char **command, int holding, const sigset_t *before)
{
    char text[32];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, before, NULL);
    if (holding) {
        snprintf(text, sizeof(text), "%d", (int)getpid());
        setenv("LISTEN_PID", text, 1);
        setenv("LISTEN_FDS", "2", 1);
        setenv("LISTEN_FDNAMES", "page:notification", 1);
    }
    execv(command[0], command);
    die(command[0]);
}

/* One life of the program, from its start to its end; its wait status. */
static int live(char **command, int holding)
{
    sigset_t ends, before;
    int status = 0;

    /* No SIGTERM may fall between the fork and the moment its pid is known. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &before);
    child = fork();
    if (child < 0)
        die("fork");
    if (child == 0)
        start(command, holding, &before);
    printf("started %d\n", (int)child);
    sigprocmask(SIG_SETMASK, &before, NULL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    return status;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = end};
    int holding, status = 0;

    if (argc < 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGTERM, &action, NULL);
    holding = strcmp(argv[1], "-") != 0;
    for (int i = 0; holding && i < 2; i++)
        hold(argv[1 + i], FIRST_FD + i);
    while (!ending && status == 0)
        status = live(argv + 3, holding);
    if (status != 0)
        fprintf(stderr, "ended with wait status %d\n", status);
    return status != 0;
}
