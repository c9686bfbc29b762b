-- A statement names several tables, of which one is routed.
-- @on mysql80 mysql97
-- @route {"schema":"routed_one","table":"t*"}
SET sql_log_bin = 0;
CREATE DATABASE routed_one;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE routed_one;
-- @expect

USE routed_one;
CREATE TABLE t1 (id INT PRIMARY KEY);
CREATE TABLE t2 (id INT PRIMARY KEY);
CREATE TABLE other (id INT PRIMARY KEY);
CREATE TABLE more (id INT PRIMARY KEY);
ALTER TABLE other ADD COLUMN a INT;
DROP TABLE more, t2;
RENAME TABLE other TO others;
INSERT INTO t1 VALUES (1);
-- @expect
ddl CREATE TABLE routed_one.t1=subject
ddl CREATE TABLE routed_one.t2=subject
ddl DROP TABLE routed_one.more=subject routed_one.t2=subject
row c routed_one.t1 {"id":1}

RENAME TABLE routed_one.others TO routed_one.t3;
-- @held done
CREATE TABLE routed_one.t3 (id INT PRIMARY KEY, a INT);
-- @expect
ddl RENAME TABLE routed_one.others=from routed_one.t3=to
hold entered routed_one.others routed_one.t3
