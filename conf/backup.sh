#!/bin/bash
# A copy of the database while Guichet runs, proven before it counts, and the old ones put out.
#   conf/backup.sh CONFIGURATION FOLDER [DAYS [MONTHS]]
# Makes FOLDER/guichet-DATE.db.gz by `guichet backup`, keeps the first one of each month as
# guichet-monthly-MONTH.db.gz too, removes daily ones older than DAYS (default 90) and all monthly
# ones but the last MONTHS (default 36). The key that unseals the providers' secrets is in none of
# them: keep guichet.key apart, once, on paper or in another place. GUICHET names the program.
set -euo pipefail
umask 077

configuration=${1:?usage: backup.sh CONFIGURATION FOLDER [DAYS [MONTHS]]}
folder=${2:?usage: backup.sh CONFIGURATION FOLDER [DAYS [MONTHS]]}
days=${3:-90}
months=${4:-36}

copy=$folder/guichet-$(date -u +%Y-%m-%dT%H%M%SZ).db.gz
"${GUICHET:-guichet}" --config "$configuration" backup "$copy"
month=$folder/guichet-monthly-$(date -u +%Y-%m).db.gz
# A second name for the same file would keep gunzip from unpacking either.
[ -e "$month" ] || cp -p "$copy" "$month"
find "$folder" -maxdepth 1 -name 'guichet-[0-9]*.db.gz' -mtime "+$days" -delete
# Their names sort by date.
find "$folder" -maxdepth 1 -name 'guichet-monthly-*.db.gz' | sort | head -n "-$months" | xargs -r rm --
