#!/usr/bin/env bash
# Makes docker/.env out of docker/.env.example: fills every empty value with a random one. Never overwrites.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=${1:-.env}
if [ -e "$target" ]; then
  echo "$target is there already; it stays as it is" >&2
  exit 0
fi
umask 077
while IFS= read -r line; do
  case $line in
    LUTRA_SECRET_KEY=) echo "$line$(openssl rand -base64 32)" ;;
    [A-Z]*=) echo "$line$(openssl rand -hex 16)" ;;
    *) echo "$line" ;;
  esac
done < .env.example > "$target"
echo "wrote $target" >&2
