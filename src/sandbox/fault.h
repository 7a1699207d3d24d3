/*
 * fault: the journal of calls, and the faults that tests order.
 *
 * Invariant: every call of the two programming interfaces is a row before it is answered; a
 * fault hits exactly as many calls as were ordered.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct http_request;
struct http_response;

/* Reset: the connection is cut without an answer. */
enum fault_kind { FAULT_NONE, FAULT_STATUS, FAULT_HANG, FAULT_HTML, FAULT_RESET };
/* During: after the idempotency key was taken, before the work. After: the work is done and
 * its answer is lost. */
enum fault_phase { FAULT_BEFORE, FAULT_DURING, FAULT_AFTER };

struct fault {
    enum fault_kind kind;
    enum fault_phase phase;
    int status;
    int64_t hang_s;
};

/* What is known of the call in hand. */
struct visit {
    int64_t call_number; /* its row; 0 when calls of this path are not kept */
    struct fault fault;
    bool replayed;       /* a kept answer was given again */
    const char *verdict; /* of a postback; static */
};

/* Writes the call's row and takes the fault that is due for it, if any. face and place are
 * static texts ("stripe", "/v1/checkout/sessions/{}"). */
enum err visit_begin(struct http_request *request, const char *face, const char *place);
/* Carries out the fault of the visit if it is due in that phase. *answered says that the
 * response is filled and nothing else must be done. */
void visit_fault(struct http_request *request, struct http_response *response,
                 enum fault_phase phase, bool *answered);
/* Completes the call's row. */
enum err visit_end(struct http_request *request, const struct http_response *response);

#endif
