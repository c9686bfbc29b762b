-- What MYSQL_USER may do: docs/02-setup.md. The password comes from the environment.
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'lutra'@'%';
GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO 'lutra'@'%';
GRANT DELETE ON lutra.conflict TO 'lutra'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON shop.* TO 'lutra'@'%';
