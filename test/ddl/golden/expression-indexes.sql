-- Indexes on expressions. MySQL 8.0.15 does not log their hidden columns: there rows of such a table are refused by name.
-- @on mysql97
CREATE DATABASE expression_indexes;
USE expression_indexes;
CREATE TABLE t (id INT PRIMARY KEY, v INT, doubled INT AS (v * 2) STORED, name VARCHAR(20));
ALTER TABLE t ADD INDEX lowered ((LOWER(name)));
CREATE INDEX ages ON t ((v + 1), (v - 1));
INSERT INTO t (id, v, name) VALUES (2, 6, 'Bob');
-- @expect
ddl CREATE DATABASE expression_indexes.*=database
ddl CREATE TABLE expression_indexes.t=subject
ddl ALTER TABLE expression_indexes.t=subject | add index lowered
ddl CREATE INDEX expression_indexes.t=subject | add index ages
row c expression_indexes.t {"id":2,"v":6,"doubled":12,"name":"Bob"}

ALTER TABLE t DROP INDEX lowered, DROP COLUMN doubled;
UPDATE t SET v = 8 WHERE id = 2;
-- @expect
ddl ALTER TABLE expression_indexes.t=subject | drop index lowered, drop column doubled
row u expression_indexes.t {"id":2,"v":8,"name":"Bob"}
