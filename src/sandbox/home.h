/*
 * home: the first page, which says what this is and shows the latest payments.
 *
 * Invariant: it only reads.
 */
#ifndef SANDBOX_HOME_H
#define SANDBOX_HOME_H

#include "http/http.h"

http_handler home_handler;

#endif
