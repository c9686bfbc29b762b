-- The default database of the session is another one, or the session has none.
-- @on mysql80 mysql97
-- @route {"schema":"default_database","exclude":["default_database.u"]}
SET sql_log_bin = 0;
CREATE DATABASE default_database;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE default_database;
-- @expect

CREATE TABLE default_database.t (id INT PRIMARY KEY);
CREATE DATABASE default_database_not_routed;
USE default_database_not_routed;
CREATE TABLE t (id INT PRIMARY KEY);
ALTER TABLE t ADD COLUMN here INT;
ALTER TABLE default_database.t ADD COLUMN there INT, ADD INDEX k (there);
CREATE TABLE default_database.copy LIKE default_database.t;
RENAME TABLE default_database.copy TO default_database.copied;
DROP TABLE t;
-- @session without
ALTER TABLE default_database.t ADD COLUMN more INT;
-- @session b
USE default_database;
TRUNCATE copied;
CREATE TABLE u (id INT PRIMARY KEY);
INSERT INTO t VALUES (1, 2, 3);
DROP DATABASE default_database_not_routed;
-- @expect
ddl CREATE TABLE default_database.t=subject
ddl ALTER TABLE default_database.t=subject | add column there, add index k
ddl CREATE TABLE default_database.copy=subject default_database.t=like
ddl RENAME TABLE default_database.copy=from default_database.copied=to
ddl ALTER TABLE default_database.t=subject | add column more
ddl TRUNCATE TABLE default_database.copied=subject
row c default_database.t {"id":1,"there":2,"more":3}
