-- A column that is added gets the time of the statement at the source, in the session's time zone, in the rows that are there.
-- @on mysql80 mysql97
CREATE DATABASE now_defaults;
USE now_defaults;
CREATE TABLE t (id INT PRIMARY KEY);
INSERT INTO t VALUES (1), (2);
SET time_zone = '+05:45', timestamp = 1000000000.25;
ALTER TABLE t ADD COLUMN a DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);
ALTER TABLE t ADD COLUMN b TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6);
SET time_zone = '-03:00', timestamp = DEFAULT;
ALTER TABLE t ADD COLUMN c DATETIME(6) DEFAULT NOW(6);
SET explicit_defaults_for_timestamp = 0;
CREATE TABLE implicit (id INT PRIMARY KEY, d TIMESTAMP, e TIMESTAMP NULL);
SET timestamp = 1100000000;
INSERT INTO implicit (id) VALUES (1);
UPDATE t SET id = 3 WHERE id = 2;
-- @expect
ddl CREATE DATABASE now_defaults.*=database
ddl CREATE TABLE now_defaults.t=subject
row c now_defaults.t {"id":1}
row c now_defaults.t {"id":2}
ddl ALTER TABLE now_defaults.t=subject | add column a
ddl ALTER TABLE now_defaults.t=subject | add column b
ddl ALTER TABLE now_defaults.t=subject | add column c
ddl CREATE TABLE now_defaults.implicit=subject
row c now_defaults.implicit {"id":1,"d":"2004-11-09 11:33:20","e":null}
row u now_defaults.t {"id":3,"a":"2001-09-09 07:31:40.250","b":"2004-11-09 11:33:20.000000","c":"t1"}
