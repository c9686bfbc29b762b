#!/bin/bash
# As the entrypoint of the official mysql image, as far as compose.yaml uses it: the data folder is initialised once, with a root password, a
# database and a user from the environment, and the .sql files of /docker-entrypoint-initdb.d; then the server gets the command's options.
set -euo pipefail
root=/opt/mysql
run() {
  LD_LIBRARY_PATH= exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/mysql/private" \
    "$root/usr/sbin/mysqld" --no-defaults --user=root --datadir=/var/lib/mysql --lc-messages-dir="$root/usr/share/mysql" \
    --character-sets-dir="$root/usr/share/mysql/charsets" --plugin-dir="$root/usr/lib/mysql/plugin" --secure-file-priv=NULL --mysqlx=OFF \
    --socket=/tmp/mysqld.sock --pid-file=/tmp/mysqld.pid "$@"
}
if [ ! -d /var/lib/mysql/mysql ]; then
  {
    echo "ALTER USER root@localhost IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';"
    echo "CREATE USER root@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';"
    echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
    echo "CREATE DATABASE IF NOT EXISTS $MYSQL_DATABASE;"
    echo "CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';"
    # One statement a line: the server reads no more.
    cat /docker-entrypoint-initdb.d/*.sql | sed 's/^ *--.*$//' | tr '\n' ' ' | sed 's/;/;\n/g'
  } > /tmp/init.sql
  (run --initialize-insecure)
  (run --skip-networking --init-file=/tmp/init.sql --log-bin=OFF --skip-log-bin "$@") &
  # It answers nobody; the last statement of the file has run when its own mark is there.
  until [ -e /tmp/mysqld.pid ]; do sleep 0.2; done
  kill %1
  wait %1 || true
  rm -f /tmp/init.sql
fi
run "$@"
