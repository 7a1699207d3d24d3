#include "base/arena.h"
#include "base/utf8.h"
#include "provider/paypal/activity.h"

struct word {
    const char *text; /* folded: small letters without accents, ' for any apostrophe */
    int meaning;
};

/* Activity download of business accounts, French and English; the statement's words too. */
static const struct word types[] = {
    {"paiement sur site marchand", CLASS_PAYMENT},
    {"paiement site marchand", CLASS_PAYMENT},
    {"paiement standard pour site marchand", CLASS_PAYMENT},
    {"paiement express checkout", CLASS_PAYMENT},
    {"paiement par panier", CLASS_PAYMENT},
    {"paiement panier", CLASS_PAYMENT},
    {"paiement du panier", CLASS_PAYMENT},
    {"paiement d'abonnement", CLASS_PAYMENT},
    {"paiement par abonnement", CLASS_PAYMENT},
    {"paiement recurrent", CLASS_PAYMENT},
    {"paiement de don", CLASS_PAYMENT},
    {"don", CLASS_PAYMENT},
    {"don recu", CLASS_PAYMENT},
    {"paiement recu", CLASS_PAYMENT},
    {"paiement standard", CLASS_PAYMENT},
    {"paiement general", CLASS_PAYMENT},
    {"paiement mobile", CLASS_PAYMENT},
    {"paiement par mobile", CLASS_PAYMENT},
    {"paiement dcc", CLASS_PAYMENT},
    {"paiement direct", CLASS_PAYMENT},
    {"paiement par carte", CLASS_PAYMENT},
    {"paiement par terminal virtuel", CLASS_PAYMENT},
    {"paiement par lot", CLASS_PAYMENT},
    {"paiement groupe", CLASS_PAYMENT},
    {"paiement preapprouve", CLASS_PAYMENT},
    {"paiement preapprouve d'un utilisateur de facture de paiement", CLASS_PAYMENT},
    {"website payment", CLASS_PAYMENT},
    {"website payments standard payment", CLASS_PAYMENT},
    {"express checkout payment", CLASS_PAYMENT},
    {"express checkout payment received", CLASS_PAYMENT},
    {"shopping cart payment", CLASS_PAYMENT},
    {"shopping cart payment received", CLASS_PAYMENT},
    {"web accept payment received", CLASS_PAYMENT},
    {"subscription payment", CLASS_PAYMENT},
    {"subscription payment received", CLASS_PAYMENT},
    {"recurring payment received", CLASS_PAYMENT},
    {"donation payment", CLASS_PAYMENT},
    {"donation received", CLASS_PAYMENT},
    {"payment received", CLASS_PAYMENT},
    {"echeck received", CLASS_PAYMENT},
    {"general payment", CLASS_PAYMENT},
    {"mobile payment", CLASS_PAYMENT},
    {"mobile payment received", CLASS_PAYMENT},
    {"direct credit card payment", CLASS_PAYMENT},
    {"direct payment api", CLASS_PAYMENT},
    {"virtual terminal payment", CLASS_PAYMENT},
    {"payment", CLASS_PAYMENT},
    {"mass payment", CLASS_PAYMENT},
    {"mass pay payment", CLASS_PAYMENT},
    {"preapproved payment", CLASS_PAYMENT},
    {"preapproved payment bill user payment", CLASS_PAYMENT},
    {"qr code payment", CLASS_PAYMENT},
    {"paiement par code qr", CLASS_PAYMENT},

    {"remboursement", CLASS_REFUND},
    {"remboursement de paiement", CLASS_REFUND},
    {"remboursement du paiement", CLASS_REFUND},
    {"remboursement partiel", CLASS_REFUND},
    {"payment refund", CLASS_REFUND},
    {"refund", CLASS_REFUND},
    {"partial refund", CLASS_REFUND},

    {"annulation de paiement", CLASS_REVERSAL},
    {"annulation du paiement", CLASS_REVERSAL},
    {"retrofacturation", CLASS_REVERSAL},
    {"contre-passation", CLASS_REVERSAL},
    {"opposition", CLASS_REVERSAL},
    {"payment reversal", CLASS_REVERSAL},
    {"reversal", CLASS_REVERSAL},
    {"chargeback", CLASS_REVERSAL},
    {"chargeback settlement", CLASS_REVERSAL},

    {"annulation de la retrofacturation", CLASS_REVERSAL_CANCELED},
    {"remboursement de retrofacturation", CLASS_REVERSAL_CANCELED},
    {"remboursement de la retrofacturation", CLASS_REVERSAL_CANCELED},
    {"annulation de l'annulation de paiement", CLASS_REVERSAL_CANCELED},
    {"annulation d'une opposition", CLASS_REVERSAL_CANCELED},
    {"chargeback reversal", CLASS_REVERSAL_CANCELED},
    {"reimbursement of chargeback", CLASS_REVERSAL_CANCELED},
    {"chargeback reimbursement", CLASS_REVERSAL_CANCELED},
    {"canceled reversal", CLASS_REVERSAL_CANCELED},
    {"cancelled reversal", CLASS_REVERSAL_CANCELED},
    {"guarantee reimbursement", CLASS_REVERSAL_CANCELED},

    {"echec du paiement par echeque", CLASS_FAILURE},
    {"echec de l'echeque", CLASS_FAILURE},
    {"echeck failure", CLASS_FAILURE},
    {"failed echeck", CLASS_FAILURE},

    {"retrait initie par l'utilisateur", CLASS_PAYOUT},
    {"retrait", CLASS_PAYOUT},
    {"retrait automatique", CLASS_PAYOUT},
    {"retrait standard", CLASS_PAYOUT},
    {"retrait general", CLASS_PAYOUT},
    {"virement", CLASS_PAYOUT},
    {"virement standard", CLASS_PAYOUT},
    {"virement automatique", CLASS_PAYOUT},
    {"virement bancaire", CLASS_PAYOUT},
    {"virement vers le compte bancaire", CLASS_PAYOUT},
    {"virement vers un compte bancaire", CLASS_PAYOUT},
    {"virement bancaire sur le compte paypal", CLASS_PAYOUT},
    {"user initiated withdrawal", CLASS_PAYOUT},
    {"general withdrawal", CLASS_PAYOUT},
    {"general withdrawal from paypal account", CLASS_PAYOUT},
    {"withdrawal", CLASS_PAYOUT},
    {"auto-sweep", CLASS_PAYOUT},
    {"autosweep", CLASS_PAYOUT},
    {"automatic transfer", CLASS_PAYOUT},
    {"transfer to bank", CLASS_PAYOUT},
    {"withdraw funds to bank account", CLASS_PAYOUT},
    {"withdraw funds to a bank account", CLASS_PAYOUT},
    {"bank deposit to pp account", CLASS_PAYOUT},
    {"add funds from a bank account", CLASS_PAYOUT},

    {"annulation de retrait", CLASS_PAYOUT_FAILED},
    {"annulation du retrait", CLASS_PAYOUT_FAILED},
    {"retrait refuse", CLASS_PAYOUT_FAILED},
    {"annulation de virement", CLASS_PAYOUT_FAILED},
    {"virement retourne", CLASS_PAYOUT_FAILED},
    {"reversal of ach withdrawal", CLASS_PAYOUT_FAILED},
    {"reversal of withdrawal", CLASS_PAYOUT_FAILED},
    {"canceled transfer", CLASS_PAYOUT_FAILED},
    {"returned withdrawal", CLASS_PAYOUT_FAILED},

    {"conversion de devise standard", CLASS_CONVERSION},
    {"conversion de devise", CLASS_CONVERSION},
    {"conversion de devises", CLASS_CONVERSION},
    {"general currency conversion", CLASS_CONVERSION},
    {"currency conversion", CLASS_CONVERSION},
    {"conversion de devise initiee par l'utilisateur", CLASS_TRANSFER},
    {"user initiated currency conversion", CLASS_TRANSFER},
    {"user-initiated currency conversion", CLASS_TRANSFER},

    {"frais standard", CLASS_FEE},
    {"frais", CLASS_FEE},
    {"frais generaux", CLASS_FEE},
    {"frais paypal", CLASS_FEE},
    {"annulation de frais", CLASS_FEE},
    {"remboursement de frais", CLASS_FEE},
    {"frais de retrofacturation", CLASS_DISPUTE_FEE},
    {"frais de litige", CLASS_DISPUTE_FEE},
    {"commission", CLASS_FEE},
    {"commission partenaire", CLASS_FEE},
    {"general fee", CLASS_FEE},
    {"fee", CLASS_FEE},
    {"fee reversal", CLASS_FEE},
    {"canceled fee", CLASS_FEE},
    {"cancelled fee", CLASS_FEE},
    {"chargeback fee", CLASS_DISPUTE_FEE},
    {"chargeback processing fee", CLASS_DISPUTE_FEE},
    {"dispute fee", CLASS_DISPUTE_FEE},
    {"partner fee", CLASS_FEE},
    {"payment processing fee", CLASS_FEE},
    {"mass payment request fee", CLASS_FEE},

    {"suspension de paiement", CLASS_RESERVE},
    {"deblocage de paiement", CLASS_RESERVE},
    {"blocage de paiement", CLASS_RESERVE},
    {"solde suspendu pour enquete sur un litige", CLASS_RESERVE},
    {"annulation de la suspension pour resolution du litige", CLASS_RESERVE},
    {"suspension sur le solde disponible", CLASS_RESERVE},
    {"reserve", CLASS_RESERVE},
    {"mise en reserve", CLASS_RESERVE},
    {"liberation de la reserve", CLASS_RESERVE},
    {"payment hold", CLASS_RESERVE},
    {"payment release", CLASS_RESERVE},
    {"hold on available balance", CLASS_RESERVE},
    {"release on available balance", CLASS_RESERVE},
    {"hold on balance for dispute investigation", CLASS_RESERVE},
    {"cancellation of hold for dispute resolution", CLASS_RESERVE},
    {"general hold", CLASS_RESERVE},
    {"general hold release", CLASS_RESERVE},
    {"reserve hold", CLASS_RESERVE},
    {"reserve release", CLASS_RESERVE},
    {"reversal of general account hold", CLASS_RESERVE},
    {"general account hold", CLASS_RESERVE},

    {"transfert", CLASS_TRANSFER},
    {"transfer", CLASS_TRANSFER},
    {"general account correction", CLASS_TRANSFER},
    {"transfert de compte a compte", CLASS_TRANSFER},
    {"account transfer", CLASS_TRANSFER},

    {"bonus", CLASS_INCOME},
    {"bonus standard", CLASS_INCOME},
    {"prime", CLASS_INCOME},
    {"prime de parrainage", CLASS_INCOME},
    {"interets", CLASS_INCOME},
    {"general bonus", CLASS_INCOME},
    {"referral bonus", CLASS_INCOME},
    {"merchant referral bonus", CLASS_INCOME},
    {"debit card cash back", CLASS_INCOME},
    {"debit card cash back bonus", CLASS_INCOME},

    {"autorisation", CLASS_NOTHING},
    {"autorisation standard", CLASS_NOTHING},
    {"suspension du compte pour autorisation ouverte", CLASS_NOTHING},
    {"facture envoyee", CLASS_NOTHING},
    {"facture recue", CLASS_NOTHING},
    {"demande envoyee", CLASS_NOTHING},
    {"demande recue", CLASS_NOTHING},
    {"commande", CLASS_NOTHING},
    {"general authorization", CLASS_NOTHING},
    {"authorization", CLASS_NOTHING},
    {"reauthorization", CLASS_NOTHING},
    {"void of authorization", CLASS_NOTHING},
    {"account hold for open authorization", CLASS_NOTHING},
    {"invoice sent", CLASS_NOTHING},
    {"invoice received", CLASS_NOTHING},
    {"request sent", CLASS_NOTHING},
    {"request received", CLASS_NOTHING},
    {"order", CLASS_NOTHING},
};

/* A payment that was refunded or reversed later keeps its row; what came later has its own. */
static const struct word statuses[] = {
    {"", MOVED_YES},
    {"termine", MOVED_YES},
    {"effectue", MOVED_YES},
    {"completed", MOVED_YES},
    {"cleared", MOVED_YES},
    {"compense", MOVED_YES},
    {"rembourse", MOVED_YES},
    {"partiellement rembourse", MOVED_YES},
    {"refunded", MOVED_YES},
    {"partially refunded", MOVED_YES},
    {"reversed", MOVED_YES},
    {"contre-passe", MOVED_YES},

    {"en attente", MOVED_NO},
    {"en cours", MOVED_NO},
    {"en cours de traitement", MOVED_NO},
    {"non compense", MOVED_NO},
    {"refuse", MOVED_NO},
    {"echec", MOVED_NO},
    {"echoue", MOVED_NO},
    {"expire", MOVED_NO},
    {"annule", MOVED_NO},
    {"supprime", MOVED_NO},
    {"suspendu", MOVED_NO},
    {"bloque", MOVED_NO},
    {"non reclame", MOVED_NO},
    {"retourne", MOVED_NO},
    {"cree", MOVED_NO},
    {"actif", MOVED_NO},
    {"envoye", MOVED_NO},
    {"paye", MOVED_NO},
    {"pending", MOVED_NO},
    {"processing", MOVED_NO},
    {"in progress", MOVED_NO},
    {"uncleared", MOVED_NO},
    {"denied", MOVED_NO},
    {"declined", MOVED_NO},
    {"failed", MOVED_NO},
    {"expired", MOVED_NO},
    {"canceled", MOVED_NO},
    {"cancelled", MOVED_NO},
    {"voided", MOVED_NO},
    {"removed", MOVED_NO},
    {"held", MOVED_NO},
    {"on hold", MOVED_NO},
    {"temporary hold", MOVED_NO},
    {"unclaimed", MOVED_NO},
    {"returned", MOVED_NO},
    {"created", MOVED_NO},
    {"placed", MOVED_NO},
    {"active", MOVED_NO},
    {"sent", MOVED_NO},
    {"paid", MOVED_NO},
};

/* One spelling: folded, any apostrophe as ', any run of spaces as one. */
static struct str normalize(struct str text, struct arena *arena)
{
    struct str folded = utf8_fold(text, arena);
    struct buffer out;
    bool space = true;

    buffer_init(&out, arena, folded.len + 1);
    for (size_t i = 0; i < folded.len; i++) {
        struct str rest = str_from(folded.data + i, folded.len - i);

        if (str_starts(rest, "\xe2\x80\x99")) { /* U+2019 */
            buffer_add_byte(&out, '\'');
            i += 2;
            space = false;
        } else if (folded.data[i] == ' ' || str_starts(rest, "\xc2\xa0")) {
            if (!space)
                buffer_add_byte(&out, ' ');
            i += folded.data[i] == ' ' ? 0 : 1;
            space = true;
        } else {
            buffer_add_byte(&out, folded.data[i]);
            space = false;
        }
    }
    return str_trim(buffer_str(&out));
}

static int look_up(const struct word *words, size_t count, struct str text, int otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(text, words[i].text))
            return words[i].meaning;
    }
    return otherwise;
}

enum activity_class activity_class(struct str type, struct arena *arena)
{
    return (enum activity_class)look_up(types, sizeof types / sizeof types[0],
                                        normalize(type, arena), CLASS_UNKNOWN);
}

enum activity_moved activity_moved(struct str status, struct str impact, struct arena *arena)
{
    if (str_is(normalize(impact, arena), "memo"))
        return MOVED_NO;
    return (enum activity_moved)look_up(statuses, sizeof statuses / sizeof statuses[0],
                                        normalize(status, arena), MOVED_UNKNOWN);
}
