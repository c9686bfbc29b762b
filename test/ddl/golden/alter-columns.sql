-- Columns that come, go, change their types, their names and their places.
-- @on mysql80 mysql97
CREATE DATABASE alter_columns;
USE alter_columns;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(10) NULL);
INSERT INTO t VALUES (1, 'one');
-- @expect
ddl CREATE DATABASE alter_columns.*=database
ddl CREATE TABLE alter_columns.t=subject
row c alter_columns.t {"id":1,"v":"one"}

ALTER TABLE t ADD COLUMN a INT NULL;
ALTER TABLE t ADD b INT NOT NULL DEFAULT 7 FIRST;
ALTER TABLE t ADD COLUMN c CHAR(3) AFTER id, DROP COLUMN a;
UPDATE t SET c = 'abc' WHERE id = 1;
-- @expect
ddl ALTER TABLE alter_columns.t=subject | add column a
ddl ALTER TABLE alter_columns.t=subject | add column b
ddl ALTER TABLE alter_columns.t=subject | add column c, drop column a
row u alter_columns.t {"b":7,"id":1,"c":"abc","v":"one"}

ALTER TABLE t MODIFY v VARCHAR(30) NOT NULL DEFAULT 'none' FIRST;
ALTER TABLE t CHANGE COLUMN c d CHAR(5) NULL COMMENT 'was c';
ALTER TABLE t RENAME COLUMN b TO e;
ALTER TABLE t ALTER COLUMN e SET DEFAULT 9, ALTER COLUMN d DROP DEFAULT;
INSERT INTO t (id, d) VALUES (2, 'two');
-- @expect
ddl ALTER TABLE alter_columns.t=subject
ddl ALTER TABLE alter_columns.t=subject
ddl ALTER TABLE alter_columns.t=subject
ddl ALTER TABLE alter_columns.t=subject
row c alter_columns.t {"v":"none","e":9,"id":2,"d":"two"}

ALTER TABLE t ADD (f INT, g ENUM('x','y') NOT NULL DEFAULT 'y');
ALTER TABLE t DROP f, DROP COLUMN e, ADD COLUMN h BIGINT UNSIGNED NULL;
ALTER TABLE t MODIFY g ENUM('x','y','z') NOT NULL DEFAULT 'z', ALGORITHM=INSTANT;
UPDATE t SET h = 18446744073709551615 WHERE id = 2;
-- @expect
ddl ALTER TABLE alter_columns.t=subject | add column f, add column g
ddl ALTER TABLE alter_columns.t=subject | drop column f, drop column e, add column h
ddl ALTER TABLE alter_columns.t=subject
row u alter_columns.t {"v":"none","id":2,"d":"two","g":"y","h":["i","18446744073709551615"]}
