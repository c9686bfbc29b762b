-- What MYSQL_USER may do: docs/02-setup.md. The password comes from the environment.
-- Nobody reads along, and nobody can pretend to be the server
ALTER USER 'lutra'@'%' REQUIRE SSL;
-- Source: read the binlog, ask where it ends, SHOW REPLICAS
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'lutra'@'%';
-- Target: checkpoint, marker, fence
GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO 'lutra'@'%';
-- Target: remove recorded conflicts when they are old
GRANT DELETE ON lutra.conflict TO 'lutra'@'%';
-- Target: remove rows that were compared and are equal
GRANT DELETE ON lutra.difference TO 'lutra'@'%';
-- Source: send rows again
GRANT SELECT, INSERT, UPDATE, DELETE ON lutra.resync TO 'lutra'@'%';
-- Target: files that belong to rows
GRANT DELETE ON lutra.file TO 'lutra'@'%';
GRANT DELETE ON lutra.file_missing TO 'lutra'@'%';
-- The routed tables. TRIGGER lets triggers be seen; CREATE and REFERENCES let a seed create tables; the rest, schema changes
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, CREATE, REFERENCES, ALTER, DROP, INDEX ON shop.* TO 'lutra'@'%';
-- Target: a schema change runs in the session of its source
GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'lutra'@'%';
