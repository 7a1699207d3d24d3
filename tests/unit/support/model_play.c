#include "support/model_play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECENT = 60 }; /* what is refunded, disputed ... is one of the last so many */

int play_below(struct play *play, int limit)
{
    return rand_r(&play->random) % limit;
}

bool play_one_in(struct play *play, int count)
{
    return play_below(play, count) == 0;
}

void play_note(struct play *play, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(play->trail[play->done % PLAY_TRAIL], sizeof(play->trail[0]), format, arguments);
    va_end(arguments);
}

void play_add_fact(struct play *play, struct model_fact fact)
{
    play->facts[play->fact_count++] = fact;
    if (fact.what == MODEL_FAILED || fact.what == MODEL_REFUND || fact.what == MODEL_DISPUTE)
        play->payments[fact.payment].gone_cents += fact.cents;
}

const char *play_name(struct play *play, const char *what, int number)
{
    return arena_printf(play->house.arena, "%s%d", what, number);
}

int play_recent(struct play *play, size_t count)
{
    int span = count < RECENT ? (int)count : RECENT;

    return span ? (int)count - 1 - play_below(play, span) : -1;
}

bool play_keeps(int member)
{
    return member != MODEL_NOBODY && member % 4 == 3;
}

int play_some_member(struct play *play)
{
    return (int)play->member_count - 1 - play_below(play, PLAY_AT_ONCE);
}

int play_new_payment(struct play *play, struct payment payment)
{
    play->payments[play->payment_count] = payment;
    return (int)play->payment_count++;
}
