/*
 * provider_guard: stands between guichet and the network while providers misbehave (LD_PRELOAD).
 *
 * Nothing leaves this machine: a connection to anything but loopback is refused, and its address
 * is written to the file named by GUARD_JOURNAL. Names that end in .invalid are not found, without
 * a question to anybody. GUARD_CA names certificates to believe (PEM), as an operator would add
 * them to the system's.
 *
 * GUARD_CLOCK names a file that holds a number of seconds: so much later is the clock (the one on
 * the wall: what waits, waits as long as ever).
 *
 * GUARD_BREAK takes a protection away, that a test may show it sees: "follow" follows redirects,
 * "trust" believes every certificate, "patient" waits for ever.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

/* The file is mapped: a test moves a program that runs. */
static const volatile long *later;

__attribute__((constructor)) static void open_clock(void)
{
    const char *file = getenv("GUARD_CLOCK");
    int clock_file = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    void *bytes = MAP_FAILED;

    if (clock_file < 0)
        return;
    bytes = mmap(NULL, sizeof *later, PROT_READ, MAP_SHARED, clock_file, 0);
    (void)close(clock_file);
    later = bytes == MAP_FAILED ? NULL : bytes;
}

int clock_gettime(clockid_t clock_id, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock_id, now);

    if (result == 0 && clock_id == CLOCK_REALTIME && later)
        now->tv_sec += *later;
    return result;
}

static int is_broken(const char *how)
{
    const char *given = getenv("GUARD_BREAK");

    return given && strcmp(given, how) == 0;
}

static void note(const char *address)
{
    const char *file = getenv("GUARD_JOURNAL");
    int journal = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (journal < 0)
        return;
    (void)dprintf(journal, "%s\n", address);
    (void)close(journal);
}

/* Local sockets and loopback; the address as text otherwise. */
static int stays_here(const struct sockaddr *address, char *text, socklen_t size)
{
    const void *bytes = NULL;

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;

        bytes = &four->sin_addr;
        if (ntohl(four->sin_addr.s_addr) >> 24 == 127)
            return 1;
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)address;

        bytes = &six->sin6_addr;
        if (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr))
            return 1;
    }
    return !bytes || !inet_ntop(address->sa_family, bytes, text, size);
}

int connect(int socket, const struct sockaddr *address, socklen_t length)
{
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    char text[INET6_ADDRSTRLEN];

    if (stays_here(address, text, sizeof text))
        return real(socket, address, length);
    note(text);
    errno = ECONNREFUSED;
    return -1;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    static const char unknown[] = ".invalid";
    size_t length = name ? strlen(name) : 0;

    if (length >= sizeof unknown - 1 && strcmp(name + length - sizeof unknown + 1, unknown) == 0)
        return EAI_AGAIN;
    return real(name, service, hints, found);
}

CURLcode curl_easy_perform(CURL *curl)
{
    CURLcode (*real)(CURL *) = dlsym(RTLD_NEXT, "curl_easy_perform");

    if (getenv("GUARD_CA"))
        curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("GUARD_CA"));
    if (is_broken("follow"))
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    if (is_broken("trust")) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (is_broken("patient"))
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
    return real(curl);
}
