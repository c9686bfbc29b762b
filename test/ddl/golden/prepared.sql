-- Statements that are prepared: the log has the session in which they ran, not the one in which they were read.
-- @on mysql80 mysql97
CREATE DATABASE prepared;
USE prepared;
CREATE TABLE t (id INT PRIMARY KEY);
SET sql_mode = 'ANSI_QUOTES';
PREPARE s FROM 'ALTER TABLE "t" ADD COLUMN a INT';
SET sql_mode = DEFAULT;
EXECUTE s;
SET @q = 'TRUNCATE t';
PREPARE s FROM @q;
EXECUTE s;
INSERT INTO t VALUES (1, 2);
-- @expect
ddl CREATE DATABASE prepared.*=database
ddl CREATE TABLE prepared.t=subject
ddl ALTER TABLE prepared.t=subject | add column a
ddl TRUNCATE TABLE prepared.t=subject
row c prepared.t {"id":1,"a":2}
