/*
 * web: the pages and the endpoints, over two FastCGI pools.
 *
 * Invariant: the route table is the list of features: method, who may, fields, form token; the
 * dispatcher enforces it before a handler runs. A page posts nothing to the books.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "job/doctor.h"
#include "job/worker.h"
#include "payment/service.h"

struct web;
struct common_passwords;

struct web_options {
    const struct payment_service *service;
    struct worker *worker;
    const char *database_path;
    const struct db_catalog *catalog;
    const char *templates_folder;
    const struct common_passwords *common_passwords; /* what no new password may be */
    const char *base_url; /* "https://guichet.example" : cookies, Origin, links */
    bool sends_mail;      /* a mail server is set up */
    const char *page_socket;
    const char *notification_socket;
    int page_fd; /* inherited listening sockets, or -1 */
    int notification_fd;
    const struct doctor_options *doctor; /* of the page Installation */
    int page_threads;
    int notification_threads;
    int64_t slow_request_ms; /* an answer that takes so long is logged; 0: none is */
};
/* Loads the templates, opens both pools. The caller must dispose of *web with web_free. */
enum err web_new(const struct web_options *options, struct web **web);
/* Parses the templates again and swaps them in; keeps the old ones when there is an error. */
enum err web_reload_templates(struct web *web);
/* Drains both pools (pages and notifications in hand are finished) and frees. */
void web_free(struct web *web);

#endif
