#include "programs/sockets.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 16 };

static int descriptor_count(void)
{
    int64_t pid, count;

    if (!str_to_int64(str_of(getenv("LISTEN_PID")), &pid) || pid != getpid() ||
        !str_to_int64(str_of(getenv("LISTEN_FDS")), &count) || count < 1 || count > FDS_MAX)
        return 0;
    return (int)count;
}

void sockets_inherited(int *page_fd, int *notification_fd)
{
    struct str names = str_of(getenv("LISTEN_FDNAMES"));
    int count = descriptor_count();

    *page_fd = -1;
    *notification_fd = -1;
    for (int i = 0; i < count; i++) {
        struct str name = str_cut(&names, ':');
        fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
        if (str_is(name, "page"))
            *page_fd = FIRST_FD + i;
        else if (str_is(name, "notification"))
            *notification_fd = FIRST_FD + i;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}
