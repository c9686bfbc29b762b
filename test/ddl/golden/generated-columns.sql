-- Generated columns, and defaults that are expressions.
-- @on mysql80 mysql97
CREATE DATABASE generated_columns;
USE generated_columns;
CREATE TABLE t (id INT PRIMARY KEY, v INT, doubled INT AS (v * 2) STORED, name VARCHAR(20), j JSON, made VARCHAR(9) DEFAULT (CONCAT('n', 1)));
INSERT INTO t (id, v, name) VALUES (1, 4, 'Ann');
-- @expect
ddl CREATE DATABASE generated_columns.*=database
ddl CREATE TABLE generated_columns.t=subject
row c generated_columns.t {"id":1,"v":4,"doubled":8,"name":"Ann","j":null,"made":"n1"}

ALTER TABLE t ADD COLUMN half INT GENERATED ALWAYS AS (v / 2) VIRTUAL, ADD INDEX h (half);
INSERT INTO t (id, v, name) VALUES (2, 6, 'Bob');
-- @expect
ddl ALTER TABLE generated_columns.t=subject | add column half, add index h
row c generated_columns.t {"id":2,"v":6,"doubled":12,"name":"Bob","j":null,"made":"n1","half":3}

ALTER TABLE t DROP COLUMN doubled;
UPDATE t SET v = 8 WHERE id = 1;
-- @expect
ddl ALTER TABLE generated_columns.t=subject | drop column doubled
row u generated_columns.t {"id":1,"v":8,"name":"Ann","j":null,"made":"n1","half":4}
