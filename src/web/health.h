/*
 * health: is the server well, and what has it counted? For a monitor on the same machine.
 *
 * Invariant: answered to loopback addresses alone; changes nothing; names nobody.
 */
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "web/internal.h"

/* 127.0.0.0/8 and ::1, as the web server in front tells it. */
bool health_is_local(struct str address);

/* 200 "ok" when the database can be read and the writer answers; else 503. */
http_handler health_get;
/* Prometheus text: counters since the start, and what waits in the database. */
http_handler metrics_get;

#endif
