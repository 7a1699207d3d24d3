/*
 * system_calls: what this process may still ask of the kernel, by a seccomp filter (libseccomp).
 *
 * Invariant: once it stands, no thread can start a program, make another process, look into one
 * or load code into the kernel: who asks for that is an intruder, and the process is killed
 * (nothing acknowledged is lost by a kill; the service manager starts it again). Any other call
 * that is not in the list fails with EPERM and a line in the kernel's log: a library that asks
 * for something new is refused that, and the counter stays open. Memory is never both writable
 * and executable. It cannot be taken off. (security.md rows 39, 65.)
 */
#ifndef BASE_SYSTEM_CALLS_H
#define BASE_SYSTEM_CALLS_H

#include "base/err.h"

/* For all threads of the process, those that run already included. ERR_CONFIG where the kernel
 * has no such filters. */
enum err system_calls_restrict(void);

#endif
