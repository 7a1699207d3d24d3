/*
 * sockets: listening sockets handed over by the service manager.
 *
 * Invariant: only what LISTEN_PID says is meant for this process is taken. Source: sd_listen_fds
 * protocol (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; descriptors from 3 on).
 */
#ifndef PROGRAMS_SOCKETS_H
#define PROGRAMS_SOCKETS_H

/* Sets the descriptors named "page" and "notification", -1 for those that are not handed over.
 * They are closed on exec, and the variables are taken out of the environment. */
void sockets_inherited(int *page_fd, int *notification_fd);

#endif
