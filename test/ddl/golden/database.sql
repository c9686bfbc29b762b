-- Databases that are routed as a whole.
-- @on mysql80 mysql97
-- @route {"schema":"database_one"}
-- @route {"schema":"database_two"}
CREATE DATABASE database_one DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE SCHEMA IF NOT EXISTS database_two;
CREATE TABLE database_one.t (id INT PRIMARY KEY, v VARCHAR(5));
INSERT INTO database_one.t VALUES (1, 'a');
ALTER DATABASE database_one CHARACTER SET latin1;
CREATE TABLE database_one.u (id INT PRIMARY KEY, v VARCHAR(5));
-- @expect
ddl CREATE DATABASE database_one.*=database
ddl CREATE DATABASE database_two.*=database
ddl CREATE TABLE database_one.t=subject
row c database_one.t {"id":1,"v":"a"}
ddl ALTER DATABASE database_one.*=database
ddl CREATE TABLE database_one.u=subject

DROP DATABASE database_one;
DROP SCHEMA IF EXISTS database_one;
CREATE TABLE database_two.t (id INT PRIMARY KEY);
INSERT INTO database_two.t VALUES (1);
-- @expect
ddl DROP DATABASE database_one.*=database
ddl DROP DATABASE database_one.*=database
ddl CREATE TABLE database_two.t=subject
row c database_two.t {"id":1}
