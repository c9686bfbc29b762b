-- DROP TABLE of one and of several.
-- @on mysql80 mysql97
-- @route {"schema":"drops","exclude":["drops.kept*"]}
SET sql_log_bin = 0;
CREATE DATABASE drops;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE drops;
CREATE TABLE drops.kept (id INT PRIMARY KEY);
-- @expect

USE drops;
CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY);
CREATE TABLE c (id INT PRIMARY KEY);
CREATE TABLE d (id INT PRIMARY KEY);
CREATE TABLE kept (id INT PRIMARY KEY);
CREATE TABLE kept2 (id INT PRIMARY KEY);
INSERT INTO b VALUES (1);
-- @expect
ddl CREATE TABLE drops.a=subject
ddl CREATE TABLE drops.b=subject
ddl CREATE TABLE drops.c=subject
ddl CREATE TABLE drops.d=subject
row c drops.b {"id":1}

DROP TABLE a;
DROP TABLE b, drops.c CASCADE;
DROP TABLE IF EXISTS a, nowhere;
DROP TABLES kept, d;
DROP TABLE kept2;
-- @expect
ddl DROP TABLE drops.a=subject
ddl DROP TABLE drops.b=subject drops.c=subject
ddl DROP TABLE drops.a=subject drops.nowhere=subject
ddl DROP TABLE drops.kept=subject drops.d=subject

CREATE TABLE a (id INT PRIMARY KEY, again INT);
INSERT INTO a VALUES (1, 2);
-- @expect
ddl CREATE TABLE drops.a=subject
row c drops.a {"id":1,"again":2}

-- @session target
DROP TABLE drops.kept;
-- @expect
