#!/bin/sh
# A small region of an older version, for the upgrade drill:
#
#   drills/regions/make.sh COMMIT VERSION
#
# The old program builds its demo, what only weighs is taken out, and this program
# saves it. Everybody in it is invented, so its keys and passphrase stand here too.
set -eu
commit=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/old"
git -C "$root" archive "$commit" | tar -x -C "$work/old"
export YILIAN_DATA="$work/data" YILIAN_BACKUP_PASSPHRASE_FILE="$here/passphrase"
cd "$work/old"
"$root/.venv/bin/python" -m yilian.config.cli demo --residents 60
"$root/.venv/bin/python" - "$here/lighten.sql" <<'PYTHON'
import sys
from pathlib import Path

import psycopg

from yilian.config.runtime.environment import entered

with entered() as place, psycopg.connect(place.urls.owner) as connection:
    connection.execute(Path(sys.argv[1]).read_text())
PYTHON
cd "$root"
rm -f "$here/$version.yilian" "$here/$version-keys.yilian"
"$root/.venv/bin/python" -m yilian.config.cli backup "$here/$version.yilian"
"$root/.venv/bin/python" -m yilian.config.cli backup-keys "$here/$version-keys.yilian"
