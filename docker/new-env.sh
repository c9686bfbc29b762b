#!/usr/bin/env bash
# Makes docker/.env out of docker/.env.example (every empty value becomes a random one), and beside it tls/: an authority and the certificate of both
# database servers. What is there already stays as it is; what a newer version needs is added.
# usage: new-env.sh [FILE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=${1:-.env}
folder=$(cd "$(dirname "$target")" && pwd)
umask 077

filled() {
  case $1 in
    LUTRA_SECRET_KEY=) echo "$1$(openssl rand -base64 32)" ;;
    ZOOKEEPER_DIGEST=) echo "$1lutra:$(openssl rand -hex 16)" ;;
    TLS_FOLDER=) echo "$1$folder/tls" ;;
    [A-Z]*=) echo "$1$(openssl rand -hex 16)" ;;
    *) echo "$1" ;;
  esac
}

certificates() {
  mkdir -p "$folder/tls"
  cd "$folder/tls"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Lutra stack authority' -keyout ca-key.pem -out ca.pem
  openssl req -newkey rsa:2048 -nodes -subj '/CN=mysql' -keyout server-key.pem -out server.csr
  echo 'subjectAltName = DNS:mysql-hangzhou, DNS:mysql-california, DNS:localhost, IP:127.0.0.1' > names
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -extfile names -out server.pem
  rm -f ca-key.pem server.csr names ca.srl # nobody signs anything else with it
  chmod 644 ./*.pem # the servers read them as other users; nobody else gets into the folder
}

if [ -e "$target" ]; then
  while IFS= read -r line; do
    case $line in
      [A-Z]*=*) grep -q "^${line%%=*}=" "$target" || { filled "$line" >> "$target" && echo "added ${line%%=*} to $target" >&2; } ;;
    esac
  done < .env.example
else
  while IFS= read -r line; do filled "$line"; done < .env.example > "$target"
  echo "wrote $target" >&2
fi
if [ ! -e "$folder/tls/server.pem" ]; then
  log=$( (certificates) 2>&1) || { echo "$log" >&2 && exit 1; }
  echo "wrote $folder/tls" >&2
fi
