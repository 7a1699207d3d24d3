/* The filter of system calls: an intruder's are deadly, unknown ones refused, ours go on. Each
 * case is a process of its own, once with the filter and once without: what is tried would have
 * been done. */
#include "support/scratch.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/system_calls.h"

enum { DONE = 10, REFUSED = 11, NO_FILTER = 12, PAGE = 4096 };

/* ---- what is tried: DONE or REFUSED, when it comes back at all ---- */

static int try_exec(void)
{
    static char *const words[] = {"/bin/true", NULL};

    execve(words[0], words, NULL);
    return REFUSED;
}

static int try_fork(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child < 0 ? REFUSED : DONE;
}

static int try_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? REFUSED : DONE;
}

static int try_signal(void)
{
    return kill(getppid(), 0) < 0 ? REFUSED : DONE;
}

static int try_packets(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW, 0);

    return fd < 0 ? REFUSED : DONE;
}

static int try_code(void)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return REFUSED;
    return mprotect(page, PAGE, PROT_READ | PROT_EXEC) ? REFUSED : DONE;
}

static int try_both(void)
{
    void *page =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? REFUSED : DONE;
}

static void *nothing(void *argument)
{
    return argument;
}

static int try_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, nothing, NULL) != 0)
        return REFUSED;
    return pthread_join(thread, NULL) == 0 ? DONE : REFUSED;
}

/* libc may load libraries for it, and ask for things that are refused. */
static int try_name(void)
{
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", "80", NULL, &found) != 0)
        return REFUSED;
    freeaddrinfo(found);
    return DONE;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? REFUSED : DONE;
}

/* ---- trying ---- */

/* How a process of its own ended: an exit code, or minus the signal. */
static int outcome(int (*try)(void), int (*restrict_first)(void))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(restrict_first() ? try() : NO_FILTER);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int with(void)
{
    return system_calls_restrict() == OK;
}

static int without(void)
{
    return 1;
}

static void test_deadly(void **state)
{
    (void)state;
    assert_int_equal(outcome(try_exec, without), 0);
    assert_int_equal(outcome(try_exec, with), -SIGSYS);
    assert_int_equal(outcome(try_fork, without), DONE);
    assert_int_equal(outcome(try_fork, with), -SIGSYS);
    assert_int_equal(outcome(try_trace, with), -SIGSYS);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(outcome(try_signal, without), DONE);
    assert_int_equal(outcome(try_signal, with), REFUSED);
    assert_int_equal(outcome(try_packets, without), DONE);
    assert_int_equal(outcome(try_packets, with), REFUSED);
    assert_int_equal(outcome(try_code, without), DONE);
    assert_int_equal(outcome(try_code, with), REFUSED);
    assert_int_equal(outcome(try_both, without), DONE);
    assert_int_equal(outcome(try_both, with), REFUSED);
}

static void test_ours(void **state)
{
    (void)state;
    assert_int_equal(outcome(try_thread, with), DONE);
    assert_int_equal(outcome(try_name, with), DONE);
    assert_int_equal(outcome(try_socket, with), DONE);
}

/* A thread that ran before is held too: it is the one that tries. */
static pthread_barrier_t filtered;

static void *try_later(void *argument)
{
    pthread_barrier_wait(&filtered);
    try_exec();
    return argument;
}

static int try_earlier_thread(void)
{
    pthread_t thread;

    if (pthread_barrier_init(&filtered, NULL, 2) || pthread_create(&thread, NULL, try_later, NULL))
        return NO_FILTER;
    if (system_calls_restrict())
        return NO_FILTER;
    pthread_barrier_wait(&filtered);
    pthread_join(thread, NULL);
    return REFUSED;
}

static void test_every_thread(void **state)
{
    (void)state;
    assert_int_equal(outcome(try_earlier_thread, without), -SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadly),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_every_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
