#include "base/system_calls.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* ---- the lists ---- */

/* Nobody but an intruder asks for these. clone that makes no thread is one too, see below. */
static const char *const deadly[] = {
    /* other programs, other processes */
    "execve", "execveat", "fork", "vfork",
    /* looking into one */
    "ptrace", "process_madvise", "process_vm_readv", "process_vm_writev", "pidfd_open",
    "pidfd_getfd", "kcmp",
    /* the kernel and the machine */
    "bpf", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "unshare", "setns", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup",
    "io_uring_enter", "perf_event_open", "personality",
    /* becoming somebody else */
    "setuid", "setreuid", "setresuid", "setgid", "setregid", "setresgid", "setgroups", "capset",
    /* other ways to code and files */
    "memfd_create", "modify_ldt", "open_by_handle_at", "name_to_handle_at", "reboot", "swapon",
    "swapoff", "iopl", "ioperm"};

/* What libc, SQLite, OpenSSL, libcurl and libfcgi ask for: files, sockets, memory, threads,
 * clocks. */
static const char *const allowed[] = {
    /* files */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "open",
    "openat", "close", "close_range", "stat", "fstat", "lstat", "newfstatat", "stat64", "fstat64",
    "lstat64", "fstatat64", "statx", "statfs", "fstatfs", "statfs64", "fstatfs64", "lseek",
    "_llseek", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents",
    "getdents64", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmod",
    "fchmodat", "fchown", "fchown32", "truncate", "ftruncate", "ftruncate64", "fallocate", "fsync",
    "fdatasync", "sync_file_range", "fadvise64", "flock", "fcntl", "fcntl64", "dup", "dup2",
    "dup3", "pipe", "pipe2", "umask", "utimensat",
    /* sockets and waiting */
    "socketpair", "connect", "accept", "accept4", "bind", "listen", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "send", "recv", "sendto", "recvfrom", "sendmsg", "recvmsg",
    "sendmmsg", "recvmmsg", "shutdown", "eventfd2", "signalfd4", "poll", "ppoll", "select",
    "pselect6", "_newselect", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    /* memory */
    "brk", "munmap", "mremap", "madvise", "msync", "mincore",
    /* threads and signals */
    "futex", "futex_time64", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "arch_prctl", "membarrier", "sched_yield", "sched_getaffinity", "getcpu", "gettid", "tgkill",
    "exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "rt_sigtimedwait", "sigaltstack", "restart_syscall",
    /* clocks and what the process is */
    "nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "clock_gettime", "clock_gettime64",
    "clock_getres", "gettimeofday", "time", "times", "getrandom", "getpid", "getppid", "getuid",
    "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32", "getrusage",
    "getrlimit", "ugetrlimit", "uname", "sysinfo"};

/* Allowed with some arguments only: `(argument & mask) == value`. */
struct condition {
    const char *name;
    unsigned argument;
    uint64_t mask;
    uint64_t value;
};

#define ANY_INT ((uint64_t)UINT32_MAX) /* the kernel looks at no more of an int */

static const struct condition conditions[] = {
    {"clone", 0, CLONE_THREAD, CLONE_THREAD},
    {"mmap", 2, PROT_EXEC, 0},
    {"mmap", 2, PROT_WRITE, 0}, /* a library that libc looks a name up with */
    {"mmap2", 2, PROT_EXEC, 0},
    {"mmap2", 2, PROT_WRITE, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"socket", 0, ANY_INT, AF_UNIX},
    {"socket", 0, ANY_INT, AF_INET},
    {"socket", 0, ANY_INT, AF_INET6},
    {"ioctl", 1, ANY_INT, FIONBIO},
    {"ioctl", 1, ANY_INT, FIONREAD},
    {"ioctl", 1, ANY_INT, TCGETS},   /* libc asks whether a file is a terminal */
    {"prlimit64", 2, UINT64_MAX, 0}, /* reads a limit, sets none */
};

/* ---- the filter ---- */

/* The name of a call that this machine has not is left out. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
               const struct scmp_arg_cmp *compare)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number == __NR_SCMP_ERROR)
        return 0;
    return seccomp_rule_add_array(filter, action, number, compare ? 1 : 0, compare);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count && !failed; i++)
        failed = add(filter, action, names[i], NULL);
    return failed;
}

static int add_conditions(scmp_filter_ctx filter)
{
    const size_t count = sizeof(conditions) / sizeof(conditions[0]);
    int failed = 0;

    for (size_t i = 0; i < count && !failed; i++) {
        const struct scmp_arg_cmp compare = {.arg = conditions[i].argument,
                                             .op = SCMP_CMP_MASKED_EQ,
                                             .datum_a = conditions[i].mask,
                                             .datum_b = conditions[i].value};
        failed = add(filter, SCMP_ACT_ALLOW, conditions[i].name, &compare);
    }
    return failed;
}

/* clone3 hides its flags from a filter: libc, told that it does not exist, makes its threads by
 * clone, whose flags are seen. */
static int add_process_calls(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_thread = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = 0};
    int failed = add(filter, SCMP_ACT_KILL_PROCESS, "clone", &no_thread);

    return failed ? failed : add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL);
}

static int build(scmp_filter_ctx filter)
{
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (!failed)
        failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    if (!failed)
        failed = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(*deadly));
    if (!failed)
        failed = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(*allowed));
    if (!failed)
        failed = add_conditions(filter);
    return failed ? failed : add_process_calls(filter);
}

enum err system_calls_restrict(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed;

    if (!filter)
        return fail(ERR_INTERNAL, "a filter of system calls cannot be made");
    failed = build(filter);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return failed ? fail(ERR_CONFIG, "the kernel takes no filter of system calls (seccomp): %s",
                         strerror(-failed))
                  : OK;
}
