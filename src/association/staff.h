/*
 * staff: who works in the back office of an association, and who lets them in.
 *
 * Invariant: nobody changes their own role, and the last administrator who may log in neither
 * leaves nor becomes anything else; looked at in the transaction of the change. A changed or
 * withdrawn role ends that person's sessions there. (security.md row 46.)
 */
#ifndef ASSOCIATION_STAFF_H
#define ASSOCIATION_STAFF_H

#include "association/login.h"

struct staff_member {
    int64_t login_id;
    const char *email;
    enum role role;
    bool has_password; /* else invited, and not yet there */
    bool disabled;
    int64_t since;
};
/* Administrators first, by address. Array in the arena. */
enum err staff_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct staff_member **members, size_t *count);
/* ROLE_NONE for who does not work there. */
enum err staff_role(struct db *db, int64_t association_id, int64_t login_id, enum role *role);

/* May the actor give this person the role (ROLE_NONE: withdraw it)? */
enum staff_answer { STAFF_MAY, STAFF_OWN_ROLE, STAFF_LAST_ADMINISTRATOR };
enum err staff_may(struct db *db, int64_t association_id, int64_t login_id, enum role role,
                   const struct audit_actor *actor, enum staff_answer *answer);
/* Withdraws the role. ERR_NOT_FOUND for who has none, ERR_CONFLICT when staff_may says no. Inside
 * a transaction. */
enum err staff_withdraw(struct db *db, int64_t association_id, int64_t login_id,
                        const struct audit_actor *actor);

/* Lets somebody in by their address: adds the login when it is unknown, gives the role. */
struct staff_invitation {
    int64_t association_id;
    struct str email;
    enum role role;
    const struct audit_actor *actor;
    int64_t now;
    bool by_mail; /* queue the mail: with a link for who has no password yet */
    /* What became of it: */
    enum staff_answer answer;
    int64_t login_id;
    bool has_password;
};
/* ERR_INPUT for an address that is none. Nothing is changed unless answer is STAFF_MAY. Inside a
 * transaction. */
enum err staff_invite(struct db *db, struct staff_invitation *invitation, struct arena *arena);

#endif
