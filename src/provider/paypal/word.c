#include "base/arena.h"
#include "provider/paypal/internal.h"

const char *paypal_word(struct str word, const char *otherwise, struct arena *arena)
{
    return ipn_is_word(word, PAYPAL_ID_MAX) ? str_copy(arena, word) : otherwise;
}

const char *paypal_fee_reference(const char *txn_id, struct arena *arena)
{
    return arena_printf(arena, "%s:fee", txn_id);
}

void paypal_conclude(struct resolution *resolution, enum event_outcome outcome, const char *detail)
{
    resolution->kind = RESOLUTION_OUTCOME;
    resolution->outcome = outcome;
    resolution->detail = detail;
}
