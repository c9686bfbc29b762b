-- What a route excludes is changed at the source alone.
-- @on mysql80 mysql97
-- @route {"schema":"excludes","exclude":["excludes.log_*"]}
SET sql_log_bin = 0;
CREATE DATABASE excludes;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE excludes;
-- @expect

USE excludes;
CREATE TABLE t (id INT PRIMARY KEY, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE log_1 (id INT PRIMARY KEY, t INT);
ALTER TABLE log_1 ADD COLUMN v INT, DROP COLUMN t;
CREATE INDEX t ON log_1 (v);
TRUNCATE log_1;
CREATE TABLE log_2 LIKE t;
DROP TABLE log_1, log_2;
INSERT INTO t VALUES (1);
-- @expect
ddl CREATE TABLE excludes.t=subject
row c excludes.t {"id":1}
