/*
 * probe: how often this disk makes 4 KB durable: appends and fdatasyncs to FILE for SECONDS,
 * prints syncs per second and the median of one in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, SYNCS_MAX = 1 << 20 };

static double now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    static double took[SYNCS_MAX];
    char block[BLOCK];
    size_t count = 0;
    double begun, end;
    int file;

    if (argc != 3) {
        fprintf(stderr, "usage: probe FILE SECONDS\n");
        return 2;
    }
    memset(block, 'x', sizeof(block));
    file = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
    begun = now_us();
    end = begun + strtod(argv[2], NULL) * 1e6;
    while (file >= 0 && count < SYNCS_MAX && now_us() < end) {
        double from = now_us();

        if (write(file, block, sizeof(block)) != BLOCK || fdatasync(file))
            break;
        took[count++] = now_us() - from;
    }
    if (count == 0) {
        fprintf(stderr, "probe: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    end = now_us();
    qsort(took, count, sizeof(took[0]), by_value);
    printf("{\"rate\": %.1f, \"median_us\": %.1f}\n", (double)count / (end - begun) * 1e6,
           took[count / 2]);
    close(file);
    unlink(argv[1]);
    return 0;
}
