#!/bin/sh
# Makes the demonstration association: members with carts over two seasons, three logins, and a
# Stripe and a PayPal account of the practice providers. Called by conf/demo.sh once the database
# is migrated, the key is made and the practice providers answer. Environment:
#   BIN          the guichet program
#   DEMO_DIR     holds guichet.conf; gets logins.json
#   URL          where Guichet is reached
#   SANDBOX_URL  where the practice providers are reached
set -eu

: "${BIN:?}" "${DEMO_DIR:?}" "${URL:?}" "${SANDBOX_URL:?}"
work="$DEMO_DIR/seed"
umask 077
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

guichet() {
    "$BIN" --config "$DEMO_DIR/guichet.conf" "$@"
}

# control PATH JSON: asks the practice providers for something.
control() {
    printf '%s' "$2" |
        curl -sS --fail-with-body --noproxy '*' -H 'Content-Type: application/json' \
            --data @- "$SANDBOX_URL/control$1" >"$work/answer.json" || {
        echo "demo-seed: $1: $(cat "$work/answer.json")" >&2
        exit 1
    }
}

random_hex() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# ---- the association and who logs in ----

member_email=jeanne@randonneurs.example
member_password=sentier-des-ocres
treasurer_email=tresorier@randonneurs.example
treasurer_password=des-comptes-justes
administrator_email=bureau@randonneurs.example
administrator_password=gardien-du-luberon

add_login() {
    printf '%s\n' "$2" | guichet login add --email "$1" --password-file -
}

guichet association add --name "Les Randonneurs du Luberon" --kind trial --currency EUR \
    --zone Europe/Paris --year-from 09-01 --email bureau@randonneurs.example \
    --how-to-pay "Par chèque à l'ordre des Randonneurs du Luberon, remis au local le samedi \
matin, ou par virement (l'IBAN est affiché au local)." >/dev/null
add_login "$member_email" "$member_password"
add_login "$treasurer_email" "$treasurer_password"
add_login "$administrator_email" "$administrator_password"
guichet login grant --email "$treasurer_email" --role treasurer
guichet login grant --email "$administrator_email" --role administrator

# ---- the seasons ----

today=$(date +%Y-%m-%d)
year=${today%%-*}
month=${today#*-}
month=${month%-*}
[ "${month#0}" -ge 9 ] || year=$((year - 1))
last=$((year - 1))

# clip DATE: sets $day to it, or to today when it is still to come.
clip() {
    day=$1
    a=${1%%-*}${1#*-}
    b=${today%%-*}${today#*-}
    [ "${a%-*}${a#*-}" -le "${b%-*}${b#*-}" ] || day=$today
}

# pad N: sets $two to two digits.
pad() {
    two=$1
    [ "$1" -gt 9 ] || two=0$1
}

# money CENTS: sets $euros as people type it.
money() {
    pad $(($1 % 100))
    euros=$(($1 / 100)),$two
}

# Lines are sorted by date before they are run, charges before payments of the same day.
charge() { # member date cents account label
    clip "$2"
    money "$3"
    echo "$day 1 charge add --member $1 --date $day --amount $euros --account $4 --label \"$5\""
}

payment() { # member date cents means
    clip "$2"
    money "$3"
    receipt=$((receipt + 1))
    case $4 in
    cheque) reference="8140$((receipt + 100))" ;;
    cash) reference="Reçu $receipt" ;;
    *) reference="VIR $day-$receipt" ;;
    esac
    echo "$day 2 payment add --member $1 --date $day --amount $euros --means $4" \
        "--reference \"$reference\""
}

# How a season's dues were paid: one letter a member.
means_of() { # letter
    case $1 in
    c) means=cheque ;;
    e) means=cash ;;
    v) means=transfer ;;
    esac
}

# outing MEMBER PAYER DATE CENTS LABEL LETTER: paid on the day, unless the letter is n.
outing() {
    charge "$1" "$3" "$4" 706 "$5"
    [ "$6" = n ] || {
        means_of "$6"
        payment "$2" "$3" "$4" "$means"
    }
}

# season MEMBER YEAR YOUNG: subscription and insurance; adds to $due of the family.
season() {
    pad $(($1 % 19 + 5))
    if [ "$3" = yes ]; then
        charge "$1" "$2-09-$two" 1500 7561 "Cotisation jeune $2-$(($2 + 1))"
        pad $(($1 % 19 + 5))
        charge "$1" "$2-09-$two" 1450 7088 "Licence et assurance FFRandonnée jeune $2-$(($2 + 1))"
        due=$((due + 2950))
    else
        charge "$1" "$2-09-$two" 3800 7561 "Cotisation $2-$(($2 + 1))"
        pad $(($1 % 19 + 5))
        charge "$1" "$2-09-$two" 2950 7088 "Licence et assurance FFRandonnée $2-$(($2 + 1))"
        due=$((due + 6750))
    fi
}

# settle MEMBER YEAR CENTS LETTER: n nothing yet, p a first half, a with an advance of 20 euros.
settle() {
    pad $(($1 * 7 % 27 + 1))
    case $4 in
    n) ;;
    p) payment "$1" "$2-10-$two" $(($3 / 2)) cheque ;;
    a) payment "$1" "$2-10-$two" $(($3 + 2000)) transfer ;;
    *)
        means_of "$4"
        payment "$1" "$2-10-$two" "$3" "$means"
        ;;
    esac
}

# ---- the members ----
# number|first name|last name|payer|last season|this season|outings: how they were paid; of the
# outings R the gorges, C the calanques, O the ochres (last season), M the mountain, W the
# week-end (this season), T a tee-shirt; a small letter behind it: how that was paid.
members='1|Michel|Roux||c|c|RcOcMc
2|Danielle|Bonnet||c|n|Rc
3|Jean-Pierre|Faure||v|v|CvMvWn
4|Françoise|Faure||v|v|CvMv
5|Gérard|Aubert||e|p|ReOe
6|Monique|Girard||c|c|OcTc
7|Alain|Reynaud||c|n|RcCcMn
8|Sylvie|Blanc||v|v|Ov
9|Nathalie|Chabert||c|c|RcTnMc
10|Lucas|Chabert|9|c|c|Rc
11|Chloé|Chabert|9|c|c|
12|Jeanne|Martin||c|n|RcOcTn
13|Bernard|Meyer||c|a|CcMv
14|Odile|Meyer||c|c|Cc
15|Christian|Arnaud||e|n|Re
16|Martine|Pascal||v|v|OvWv
17|Philippe|Isnard||c|c|RcMc
18|Catherine|Isnard||c|c|Rc
19|Karim|Benali||v|p|CvMv
20|Nora|Benali|19|v|p|
21|Yves|Carbonnel||c|n|Oc
22|Brigitte|Jourdan||c|c|RcOcWc
23|Thierry|Mathieu||e|e|ReMe
24|Hélène|Vidal||v|v|CvTv
25|Laurent|Sauvaire||c|p|RcMn
26|Zoé|Sauvaire|25|c|p|
27|Patrick|Lombard||c|c|OcMc
28|Annie|Guigou||c|n|
29|René|Silvestre||e|e|ReOe
30|Isabelle|Rey||v|v|CvMvWv
31|Olivier|Bertrand||v|n|Ov
32|Valérie|Peyron||c|c|RcTc
33|Maxime|Peyron|32|c|c|Rc
34|Joëlle|Barthélemy||c|a|OcMc
35|Daniel|Coste||c|c|Rc
36|Ginette|Granier||c|n|On
37|Frédéric|Tourniaire||v|v|CvMv
38|Sandrine|Lopez||c|p|McTn
39|André|Maurel||c|c|RcOc
40|Mireille|Chauvin||c|c|Oc'

# The outings of one member, two letters each.
add_outings() { # number payer outings
    rest=$3
    while [ -n "$rest" ]; do
        paid=${rest#?}
        paid=${paid%"${paid#?}"}
        case $rest in
        R*) outing "$1" "$2" "$last-10-12" 800 "Gorges de Régalon, covoiturage et guide" "$paid" ;;
        C*) outing "$1" "$2" "$year-04-18" 9500 "Week-end dans les Calanques" "$paid" ;;
        O*) outing "$1" "$2" "$year-05-09" 650 "Sentier des ocres de Roussillon" "$paid" ;;
        M*) outing "$1" "$2" "$year-10-11" 900 "Mourre Nègre par Cabrières-d'Aigues" "$paid" ;;
        W*) outing "$1" "$2" "$year-11-07" 6000 "Week-end dans le Mercantour, acompte" "$paid" ;;
        T*) tee_shirt "$1" "$2" "$paid" ;;
        esac
        rest=${rest#??}
    done
}

tee_shirt() { # number payer letter
    charge "$1" "$year-09-20" 1900 707 "Tee-shirt de l'association"
    [ "$3" = n ] || {
        means_of "$3"
        payment "$2" "$year-09-20" 1900 "$means"
    }
}

# The dues of a family stand in due_last_N and due_this_N, N being who pays.
add_to_family() { # payer cents-last cents-this
    eval "due_last_$1=\$((\${due_last_$1:-0} + $2)); due_this_$1=\$((\${due_this_$1:-0} + $3))"
}

write_members() {
    while IFS='|' read -r number first name payer _; do
        printf 'member add --number %s --first-name "%s" --last-name "%s"' \
            "$number" "$first" "$name"
        [ -z "$payer" ] || printf ' --payer %s' "$payer"
        [ "$number" != 12 ] || printf ' --email %s --login %s' "$member_email" "$member_email"
        echo
    done <<END
$members
END
}

write_lines() {
    receipt=0
    while IFS='|' read -r number _ _ payer _ _ outings; do
        young=no
        [ -z "$payer" ] || young=yes
        due=0
        season "$number" "$last" $young
        add_to_family "${payer:-$number}" $due 0
        due=0
        season "$number" "$year" $young
        add_to_family "${payer:-$number}" 0 $due
        add_outings "$number" "${payer:-$number}" "$outings"
    done <<END
$members
END
    while IFS='|' read -r number _ _ payer before now _; do
        [ -z "$payer" ] || continue
        eval "settle $number $last \$due_last_$number $before"
        eval "settle $number $year \$due_this_$number $now"
    done <<END
$members
END
}

write_members >"$work/batch"
write_lines | LC_ALL=C sort -s -k1,2 | cut -d' ' -f3- >>"$work/batch"
guichet batch --file "$work/batch" >/dev/null

# ---- the practice providers ----

stripe_account=acct_1LuberonRandonneurs
stripe_key=sk_test_$(random_hex)
stripe_publishable=pk_test_$(random_hex)
stripe_webhook=whsec_$(random_hex)
paypal_merchant=LUBERONRAND24
paypal_email=paypal@randonneurs.example
paypal_client=Ademo-randonneurs-du-luberon
paypal_secret=Edemo-randonneurs-du-luberon

control /stripe/accounts "{\"id\":\"$stripe_account\",\"name\":\"Les Randonneurs du Luberon\",
    \"email\":\"bureau@randonneurs.example\",\"secret_key\":\"$stripe_key\",
    \"publishable_key\":\"$stripe_publishable\"}"
stripe_link=$(guichet provider add stripe --account "$stripe_account" \
    --publishable-key "$stripe_publishable" --mode test)
control "/stripe/accounts/$stripe_account/endpoints" \
    "{\"url\":\"$URL/action_manager.php?event=stripe&a=$stripe_link\",\"secret\":\"$stripe_webhook\"}"
printf '%s\n' "$stripe_key" |
    guichet secret set --provider-account "$stripe_link" --name api_key
printf '%s\n' "$stripe_webhook" |
    guichet secret set --provider-account "$stripe_link" --name webhook

# The installation is a platform, and a second account waits to be associated to it.
platform_account=acct_1PlateformeGuichet
platform_key=sk_test_$(random_hex)
platform_publishable=pk_test_demonstrationplatform # as in guichet.conf, see demo.sh
platform_webhook=whsec_$(random_hex)
platform_client=ca_$(random_hex)
control /stripe/accounts "{\"id\":\"$platform_account\",\"name\":\"Guichet\",
    \"secret_key\":\"$platform_key\",\"publishable_key\":\"$platform_publishable\"}"
control "/stripe/accounts/$platform_account/platform" \
    "{\"client_id\":\"$platform_client\",\"redirect_uris\":[\"$URL/parametrage/stripe/retour\"]}"
control "/stripe/accounts/$platform_account/endpoints" \
    "{\"url\":\"$URL/action_manager.php?event=stripe\",\"connect\":true,\"secret\":\"$platform_webhook\"}"
control /stripe/accounts "{\"id\":\"acct_1MarcheNordique\",\"name\":\"Section marche nordique\"}"
printf '%s\n' "$platform_key" | guichet secret set --platform --mode test --name api_key
printf '%s\n' "$platform_webhook" | guichet secret set --platform --mode test --name webhook
printf '%s\n' "$platform_client" | guichet secret set --platform --mode test --name client_id

control /paypal/businesses "{\"id\":\"$paypal_merchant\",\"email\":\"$paypal_email\",
    \"name\":\"Les Randonneurs du Luberon\"}"
control "/paypal/businesses/$paypal_merchant/apps" "{\"client_id\":\"$paypal_client\",
    \"secret\":\"$paypal_secret\",\"reporting\":true,\"any_webhook\":true}"
guichet provider add paypal --merchant-id "$paypal_merchant" --email "$paypal_email" \
    --mode test >/dev/null

# ---- what other programs read ----

login_json() { # name email password
    printf '"%s":{"email":"%s","password":"%s"}' "$1" "$2" "$3"
}

{
    printf '{"url":"%s","sandbox_url":"%s",' "$URL" "$SANDBOX_URL"
    login_json member "$member_email" "$member_password"
    printf ','
    login_json treasurer "$treasurer_email" "$treasurer_password"
    printf ','
    login_json administrator "$administrator_email" "$administrator_password"
    printf '}\n'
} >"$work/logins.json"
mv "$work/logins.json" "$DEMO_DIR/logins.json"
