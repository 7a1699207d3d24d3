#!/bin/bash
# The demonstration: Guichet, the practice providers and nginx, as whoever calls it, in one folder.
#   conf/demo.sh run      until Ctrl-C
#   conf/demo.sh up       in the background; returns when the site answers
#   conf/demo.sh down     stops it
#   conf/demo.sh reset    stops it and forgets its data
# Environment: BUILD, where the programs are; DEMO_DIR, PORT, SANDBOX_PORT (defaults below).
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
umask 077

top=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$top/build}
DEMO_DIR=${DEMO_DIR:-$BUILD/demo}
PORT=${PORT:-8080}
SANDBOX_PORT=${SANDBOX_PORT:-8081}
URL=http://127.0.0.1:$PORT
SANDBOX_URL=http://localhost:$SANDBOX_PORT
START_WAIT_S=60
STOP_WAIT_S=20
SOCKET_PATH_MAX=107

stop_with() {
    echo "$*" >&2
    exit 1
}

# ---- the three programs: guichet, sandbox, nginx ----

# The pid in run/NAME.pid, when it is still the program that was started there.
pid_of() { # name
    local pid
    pid=$(cat "$DEMO_DIR/run/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$DEMO_DIR/$1.conf" || return 1
    echo "$pid"
}

start() { # name command...
    local name=$1
    shift
    setsid "$@" </dev/null >"$DEMO_DIR/log/$name.log" 2>&1 &
    echo $! >"$DEMO_DIR/run/$name.pid"
}

stop() { # name
    local pid i
    if pid=$(pid_of "$1"); then
        kill -TERM "$pid" 2>/dev/null || true
        for ((i = 0; i < STOP_WAIT_S * 10; i++)); do
            pid_of "$1" >/dev/null || break
            sleep 0.1
        done
        pid_of "$1" >/dev/null && kill -KILL "$pid"
    fi
    rm -f "$DEMO_DIR/run/$1.pid"
}

# guichet first, while nginx still answers who waits for it.
stop_all() {
    stop guichet
    stop nginx
    stop sandbox
}

wait_for() { # name url
    local i
    for ((i = 0; i < START_WAIT_S * 10; i++)); do
        curl -fs --noproxy '*' -o /dev/null "$2" && return
        pid_of "$1" >/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$DEMO_DIR/log/$1.log" >&2
    stop_all
    stop_with "La démonstration n'a pas démarré : $2 ne répond pas (voir $DEMO_DIR/log)."
}

# ---- before the start ----

check_port() { # port
    [[ $1 =~ ^[0-9]{1,5}$ ]] || stop_with "« $1 » n'est pas un numéro de port."
    if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        stop_with "Le port $1 est déjà pris par un autre programme. Choisissez-en d'autres," \
            "par exemple : make demo PORT=18080 SANDBOX_PORT=18081"
    fi
}

# The data name the addresses they were made with.
check_same_ports() {
    if [ -e "$DEMO_DIR/ports" ] && [ "$(cat "$DEMO_DIR/ports")" != "$PORT $SANDBOX_PORT" ]; then
        read -r port sandbox_port <"$DEMO_DIR/ports"
        stop_with "Cette démonstration a été préparée pour d'autres ports. Gardez-les" \
            "(PORT=$port SANDBOX_PORT=$sandbox_port) ou recommencez-la par : make demo-reset"
    fi
}

check() {
    [ -x "$BUILD/guichet" ] && [ -x "$BUILD/guichet-sandbox" ] ||
        stop_with "Les programmes ne sont pas compilés : make"
    [ "$PORT" != "$SANDBOX_PORT" ] || stop_with "PORT et SANDBOX_PORT doivent être différents."
    [ $((${#DEMO_DIR} + 25)) -le $SOCKET_PATH_MAX ] ||
        stop_with "Le chemin du dossier $DEMO_DIR est trop long pour des sockets Unix." \
            "Choisissez-en un plus court : make demo DEMO_DIR=..."
    check_same_ports
    check_port "$PORT"
    check_port "$SANDBOX_PORT"
}

write_configurations() {
    local user=
    [ "$(id -u)" -ne 0 ] || user='user root;'
    cat >"$DEMO_DIR/guichet.conf" <<END
# Written by conf/demo.sh at each start.
database = $DEMO_DIR/data/guichet.db
key_file = $DEMO_DIR/data/guichet.key
base_url = $URL
page_socket = $DEMO_DIR/run/page.socket
notification_socket = $DEMO_DIR/run/notification.socket
templates = $top/templates
common_passwords = $top/conf/common-passwords.txt
stripe_api_url = $SANDBOX_URL
stripe_checkout_url = $SANDBOX_URL
stripe_connect_url = $SANDBOX_URL
stripe_script_url = $SANDBOX_URL/v3
stripe_hooks_url = $SANDBOX_URL
stripe_platform_test_key = pk_test_demonstrationplatform
paypal_live_webscr_url = $SANDBOX_URL/cgi-bin/webscr
paypal_live_ipn_url = $SANDBOX_URL/cgi-bin/webscr
paypal_sandbox_webscr_url = $SANDBOX_URL/cgi-bin/webscr
paypal_sandbox_ipn_url = $SANDBOX_URL/cgi-bin/webscr
paypal_live_api_url = $SANDBOX_URL
paypal_sandbox_api_url = $SANDBOX_URL
paypal_ca_file = $DEMO_DIR/data/sandbox.db.paypal-ca.pem
END
    cat >"$DEMO_DIR/sandbox.conf" <<END
# Written by conf/demo.sh at each start.
database = $DEMO_DIR/data/sandbox.db
socket = $DEMO_DIR/run/sandbox.socket
base_url = $SANDBOX_URL
templates = $top/templates/sandbox
END
    sed -e "s|@TOP@|$top|g" -e "s|@DEMO_DIR@|$DEMO_DIR|g" -e "s|@PORT@|$PORT|g" \
        -e "s|@SANDBOX_PORT@|$SANDBOX_PORT|g" -e "s|@USER@|$user|" \
        "$top/conf/nginx-demo.conf.in" >"$DEMO_DIR/nginx.conf"
}

# ---- what is asked for ----

guichet() {
    "$BUILD/guichet" --config "$DEMO_DIR/guichet.conf" "$@"
}

# logins.json is the last thing that is made: without it, an earlier start was broken off.
prepare_data() {
    if [ ! -e "$DEMO_DIR/logins.json" ]; then
        rm -rf "$DEMO_DIR/data"
        mkdir "$DEMO_DIR/data"
        guichet key create >/dev/null
        echo "$PORT $SANDBOX_PORT" >"$DEMO_DIR/ports"
    fi
    guichet migrate >/dev/null
}

seed() {
    [ ! -e "$DEMO_DIR/logins.json" ] || return 0
    echo "Préparation de l'association d'essai…"
    BIN="$BUILD/guichet" DEMO_DIR="$DEMO_DIR" URL="$URL" SANDBOX_URL="$SANDBOX_URL" \
        "$top/conf/demo-seed.sh" && return
    stop_all
    stop_with "L'association d'essai n'a pas pu être préparée."
}

# all three, none or some run
running() {
    local name count=0
    for name in guichet sandbox nginx; do
        ! pid_of $name >/dev/null || count=$((count + 1))
    done
    case $count in
    3) echo all ;;
    0) echo none ;;
    *) echo some ;;
    esac
}

up() {
    case $(running) in
    all)
        check_same_ports
        return
        ;;
    some) stop_all ;;
    esac
    check
    mkdir -p "$DEMO_DIR"/{data,run,log,tmp}
    write_configurations
    prepare_data
    start sandbox "$BUILD/guichet-sandbox" --config "$DEMO_DIR/sandbox.conf"
    start nginx nginx -e "$DEMO_DIR/log/nginx.log" -c "$DEMO_DIR/nginx.conf"
    wait_for sandbox "$SANDBOX_URL/control/health"
    seed
    start guichet "$BUILD/guichet" --config "$DEMO_DIR/guichet.conf" serve
    wait_for guichet "$URL/connexion"
}

login_of() { # name
    sed -E "s/.*\"$1\":\{\"email\":\"([^\"]*)\",\"password\":\"([^\"]*)\".*/\1   mot de passe : \2/" \
        "$DEMO_DIR/logins.json"
}

tell() {
    cat <<END

  Guichet                  $URL
  Stripe et PayPal d'essai $SANDBOX_URL

  adhérente                $(login_of member)
  trésorier                $(login_of treasurer)
  administrateur           $(login_of administrator)

END
}

run() {
    trap 'stop_all; echo "La démonstration est arrêtée."; exit 0' INT TERM HUP
    up
    tell
    echo "Ctrl-C arrête la démonstration."
    while [ "$(running)" = all ]; do
        sleep 1 &
        wait $!
    done
    stop_all
    stop_with "Un programme de la démonstration s'est arrêté (voir $DEMO_DIR/log)."
}

# Only a folder that holds a demonstration is removed.
reset() {
    stop_all
    [ ! -e "$DEMO_DIR" ] || [ -e "$DEMO_DIR/nginx.conf" ] ||
        stop_with "$DEMO_DIR n'est pas le dossier d'une démonstration : rien n'est effacé."
    rm -rf "$DEMO_DIR"
    echo "La démonstration recommencera à neuf."
}

case ${1:-} in
run) run ;;
up)
    up
    tell
    ;;
down)
    stop_all
    echo "La démonstration est arrêtée."
    ;;
reset) reset ;;
*)
    echo "usage: conf/demo.sh run|up|down|reset" >&2
    exit 2
    ;;
esac
