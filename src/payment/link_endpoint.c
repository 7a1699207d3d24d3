/*
 * Bringing the endpoint of an account in order: what stands at the provider is listed and held
 * against what the database knows.
 *
 * A try whose end is unknown is repeated with the same idempotency key before anything is
 * deleted: the provider then tells the endpoint it made, and its secret. Whatever else bears our
 * mark was left by a try that was answered with a failure, and is removed before the next one.
 */
#include "payment/link_internal.h"

#include "base/arena.h"
#include "base/log.h"

#include <string.h>

/* What the provider's list says of ours. */
struct survey {
    struct link_endpoint *endpoints;
    size_t count;
    const struct link_endpoint *active; /* NULL: it is not there */
};

static bool stopped(const struct link_work *work)
{
    return work->answer.outcome != LINK_DONE;
}

static enum err read_known(struct link_work *work)
{
    return link_endpoints_read(work->call->db, work->account.association_id, work->account.id,
                               work->call->arena, &work->known);
}

/* ---- making one ---- */

static bool in_doubt(const struct link_work *work)
{
    const struct link_endpoint_row *planned = &work->known.rows[ENDPOINT_PLANNED];

    return work->known.has[ENDPOINT_PLANNED] && planned->attempts > 0 && !planned->key_spent;
}

static enum err make(struct link_work *work)
{
    const struct link_endpoint_row *planned = &work->known.rows[ENDPOINT_PLANNED];
    struct link_endpoint endpoint = {0};
    enum err err = link_write_try(work, planned->key_spent);

    if (err)
        return err;
    work->order.idempotency_key = planned->idempotency_key;
    err = work->linking->endpoint_create(work->call, &work->account, &work->order, &endpoint,
                                         &work->answer);
    work->order.idempotency_key = NULL;
    if (err)
        return err;
    if (stopped(work))
        return link_write_note(work, planned);
    err = link_write_made(work, &endpoint);
    return err ? err : read_known(work);
}

/* A place for the new one's secret: both are taken while a rotation lasts, which then ends. */
static enum err plan(struct link_work *work)
{
    const struct link_endpoints *known = &work->known;
    int64_t slot = 0;
    enum err err = OK;

    if (known->has[ENDPOINT_ACTIVE] && known->has[ENDPOINT_RETIRING]) {
        err = link_delete_retiring(work);
        if (err || stopped(work))
            return err;
    }
    if (known->has[ENDPOINT_ACTIVE])
        slot = 1 - known->rows[ENDPOINT_ACTIVE].slot;
    else if (known->has[ENDPOINT_RETIRING])
        slot = 1 - known->rows[ENDPOINT_RETIRING].slot;
    err = link_write_plan(work, slot);
    return err ? err : read_known(work);
}

/* ---- what stands there ---- */

static bool is_known(const struct link_work *work, const char *id)
{
    static const enum link_endpoint_state states[] = {ENDPOINT_ACTIVE, ENDPOINT_RETIRING};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (work->known.has[states[i]] && strcmp(work->known.rows[states[i]].external_id, id) == 0)
            return true;
    return false;
}

/* One that was made by hand, and whose secret was set, is as good as one of ours. */
static const struct link_endpoint *made_by_hand(const struct link_work *work,
                                                const struct survey *survey)
{
    const struct link_endpoint *found = NULL;
    struct str secret;

    if (work->known.has[ENDPOINT_ACTIVE] || work->known.has[ENDPOINT_PLANNED] ||
        account_secret(work->call->db, work->call->key, &work->account, "webhook", 0,
                       work->call->now, work->call->arena, &secret) != OK)
        return NULL;
    for (size_t i = 0; i < survey->count; i++) {
        const struct link_endpoint *endpoint = &survey->endpoints[i];

        if (!endpoint->ours || !endpoint->url_right || !endpoint->version_right)
            continue;
        if (found)
            return NULL;
        found = endpoint;
    }
    return found;
}

static enum err adopt(struct link_work *work, const struct survey *survey)
{
    const struct link_endpoint *endpoint = made_by_hand(work, survey);
    enum err err;

    if (!endpoint)
        return OK;
    err = link_write_adopted(work, endpoint->id);
    return err ? err : read_known(work);
}

static enum err sweep(struct link_work *work, const struct survey *survey)
{
    enum err err = OK;

    for (size_t i = 0; !err && !stopped(work) && i < survey->count; i++) {
        const struct link_endpoint *endpoint = &survey->endpoints[i];

        if (!endpoint->ours || is_known(work, endpoint->id))
            continue;
        log_line(LOG_INFO, "link.leftover", "%s is removed", endpoint->id);
        err = work->linking->endpoint_delete(work->call, &work->account, endpoint->id,
                                             &work->answer);
        if (!err && work->answer.outcome == LINK_ABSENT)
            work->answer.outcome = LINK_DONE;
    }
    return err;
}

/* Lists, adopts, removes what was left; survey->active is the present one as it stands there. */
static enum err look(struct link_work *work, struct survey *survey)
{
    enum err err = work->linking->endpoint_list(work->call, &work->account, &work->order,
                                                &survey->endpoints, &survey->count, &work->answer);

    if (!err && !stopped(work))
        err = adopt(work, survey);
    if (!err && !stopped(work))
        err = sweep(work, survey);
    for (size_t i = 0; !err && i < survey->count; i++)
        if (work->known.has[ENDPOINT_ACTIVE] &&
            strcmp(work->known.rows[ENDPOINT_ACTIVE].external_id, survey->endpoints[i].id) == 0)
            survey->active = &survey->endpoints[i];
    return err;
}

static bool in_order(const struct link_endpoint *endpoint)
{
    return endpoint->url_right && endpoint->enabled && endpoint->events_right;
}

static enum err correct(struct link_work *work)
{
    struct link_endpoint corrected = {0};
    enum err err = work->linking->endpoint_update(work->call, &work->account,
                                                  work->known.rows[ENDPOINT_ACTIVE].external_id,
                                                  &work->order, &corrected, &work->answer);

    return err || stopped(work) ? err : link_write_corrected(work);
}

/* The present one: gone, to be replaced, to be corrected, or good. */
static enum err judge_active(struct link_work *work, const struct survey *survey, bool *replace)
{
    enum err err;

    if (!work->known.has[ENDPOINT_ACTIVE])
        return OK;
    if (!survey->active) {
        err = link_write_gone(work, &work->known.rows[ENDPOINT_ACTIVE]);
        return err ? err : read_known(work);
    }
    if (!survey->active->version_right)
        *replace = true;
    else if (!in_order(survey->active))
        return correct(work);
    else if (*work->known.rows[ENDPOINT_ACTIVE].reason)
        return link_write_note(work, &work->known.rows[ENDPOINT_ACTIVE]);
    return OK;
}

static enum err note_failure(struct link_work *work)
{
    const struct link_endpoints *known = &work->known;

    if (known->has[ENDPOINT_PLANNED])
        return link_write_note(work, &known->rows[ENDPOINT_PLANNED]);
    if (known->has[ENDPOINT_ACTIVE])
        return link_write_note(work, &known->rows[ENDPOINT_ACTIVE]);
    return OK;
}

enum err link_settle(struct link_work *work, enum link_wish wish)
{
    struct survey survey = {0};
    bool replace = wish == LINK_A_NEW_ONE;
    enum err err = read_known(work);

    if (!err && in_doubt(work)) {
        err = make(work);
        replace = false;
        if (err || stopped(work))
            return err;
    }
    if (!err)
        err = look(work, &survey);
    if (!err && !stopped(work))
        err = judge_active(work, &survey, &replace);
    if (err || stopped(work))
        return err ? err : note_failure(work);
    if (work->known.has[ENDPOINT_ACTIVE] && !replace && !work->known.has[ENDPOINT_PLANNED])
        return OK;
    if (!work->known.has[ENDPOINT_PLANNED])
        err = plan(work);
    return err || stopped(work) ? err : make(work);
}
