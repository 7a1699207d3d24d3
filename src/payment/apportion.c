#include "payment/apportion.h"

#include "base/err.h"

#include <stdbool.h>

static int64_t clamp(int64_t cents, const struct apportion_part *part)
{
    if (cents < part->low_cents)
        return part->low_cents;
    return cents > part->high_cents ? part->high_cents : cents;
}

/* The nearest cent of total * base / sum. Amounts are below 10^14: the product needs more than
 * 64 bits. */
static int64_t nearest(int64_t total, int64_t base, int64_t sum)
{
    __int128 twice = 2 * (__int128)total * base;

    return (int64_t)((twice + sum) / (2 * (__int128)sum));
}

/* One round: those not held by a bound get their share of what the others leave. True when some
 * bound held another one. */
static bool share(struct apportion_part *parts, size_t count, int64_t total)
{
    int64_t left = total, sum = 0;
    bool held = false;

    for (size_t i = 0; i < count; i++)
        if (parts[i].cents >= 0)
            left -= parts[i].cents;
        else
            sum += parts[i].base_cents;
    for (size_t i = 0; i < count && !held; i++)
        held = parts[i].cents < 0 && nearest(left, parts[i].base_cents, sum) < parts[i].low_cents;
    for (size_t i = 0; i < count; i++) {
        int64_t cents = parts[i].cents < 0 ? nearest(left, parts[i].base_cents, sum) : 0;

        if (parts[i].cents < 0 && (held ? cents < parts[i].low_cents : true))
            parts[i].cents = clamp(cents, &parts[i]);
    }
    return held;
}

/* Which one gets the next cent: the largest base / (2 cents + 1), the first of equals. */
static size_t next_up(const struct apportion_part *parts, size_t count)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].cents >= parts[i].high_cents)
            continue;
        if (best == count || (__int128)parts[i].base_cents * (2 * parts[best].cents + 1) >
                                 (__int128)parts[best].base_cents * (2 * parts[i].cents + 1))
            best = i;
    }
    return best;
}

/* Which one loses a cent: the smallest base / (2 cents - 1), the last of equals. */
static size_t next_down(const struct apportion_part *parts, size_t count)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].cents <= parts[i].low_cents)
            continue;
        if (best == count || (__int128)parts[i].base_cents * (2 * parts[best].cents - 1) <=
                                 (__int128)parts[best].base_cents * (2 * parts[i].cents - 1))
            best = i;
    }
    return best;
}

/* Bounds that took much: it goes to the first with room, so that few cents remain to be placed. */
static void place_roughly(struct apportion_part *parts, size_t count, int64_t *left)
{
    int64_t few = (int64_t)count;

    for (size_t i = 0; i < count; i++) {
        int64_t room =
            *left > 0 ? parts[i].high_cents - parts[i].cents : parts[i].cents - parts[i].low_cents;
        int64_t much = (*left > 0 ? *left : -*left) - few;
        int64_t step = room < much ? room : much;

        if (step <= 0)
            continue;
        parts[i].cents += *left > 0 ? step : -step;
        *left += *left > 0 ? -step : step;
    }
}

void apportion(struct apportion_part *parts, size_t count, int64_t total_cents)
{
    int64_t left = total_cents;

    for (size_t i = 0; i < count; i++)
        parts[i].cents = parts[i].base_cents > 0 ? -1 : parts[i].low_cents;
    while (share(parts, count, total_cents))
        ;
    for (size_t i = 0; i < count; i++)
        left -= parts[i].cents;
    place_roughly(parts, count, &left);
    for (; left > 0; left--) {
        size_t part = next_up(parts, count);

        require(part < count);
        parts[part].cents++;
    }
    for (; left < 0; left++) {
        size_t part = next_down(parts, count);

        require(part < count);
        parts[part].cents--;
    }
}
