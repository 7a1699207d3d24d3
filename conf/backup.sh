#!/bin/bash
# A copy of the database while Guichet runs, proven before it counts.
#   conf/backup.sh CONFIGURATION FOLDER [DAYS]
# Makes FOLDER/guichet-DATE.db.gz (mode 0600), checks the copy with `guichet verify`, and removes
# copies older than DAYS (default 90). The key that unseals the providers' secrets is not in it: keep
# guichet.key apart, once, on paper or in another place. GUICHET names the program.
set -euo pipefail
umask 077

configuration=${1:?usage: backup.sh CONFIGURATION FOLDER [DAYS]}
folder=${2:?usage: backup.sh CONFIGURATION FOLDER [DAYS]}
days=${3:-90}
program=${GUICHET:-guichet}

database=$(sed -n 's/^[[:space:]]*database[[:space:]]*=[[:space:]]*//p' "$configuration" | sed 's/[[:space:]]*$//')
[ -n "$database" ] || {
    echo "$configuration names no database" >&2
    exit 1
}

work=$(mktemp -d "$folder/.backup-XXXXXX")
trap 'rm -rf "$work"' EXIT
# Pages that change meanwhile are copied again; writers are not held up.
sqlite3 -readonly "$database" ".timeout 10000" ".backup '$work/guichet.db'"
sed "s|^[[:space:]]*database[[:space:]]*=.*|database = $work/guichet.db|" "$configuration" >"$work/guichet.conf"
"$program" --config "$work/guichet.conf" verify
gzip -c "$work/guichet.db" >"$work/guichet.db.gz"
sync "$work/guichet.db.gz"
mv "$work/guichet.db.gz" "$folder/guichet-$(date -u +%Y-%m-%dT%H%M%SZ).db.gz"
find "$folder" -maxdepth 1 -name 'guichet-*.db.gz' -mtime "+$days" -delete
