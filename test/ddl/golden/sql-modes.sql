-- The sql_mode of a session changes how its text is read, and what a statement does.
-- @on mysql80 mysql97
CREATE DATABASE sql_modes;
USE sql_modes;
SET sql_mode = 'ANSI_QUOTES';
CREATE TABLE "t" ("id" INT PRIMARY KEY, "a ""b" VARCHAR(5) DEFAULT 'c');
ALTER TABLE "sql_modes"."t" ADD COLUMN "d" INT, ADD INDEX "k" ("d");
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
ALTER TABLE t ADD COLUMN e VARCHAR(9) DEFAULT 'c:\' COMMENT '\\';
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT';
ALTER TABLE "t" ALTER COLUMN e SET DEFAULT 'd:\';
INSERT INTO t (id) VALUES (1);
-- @expect
ddl CREATE DATABASE sql_modes.*=database
ddl CREATE TABLE sql_modes.t=subject
ddl ALTER TABLE sql_modes.t=subject | add column d, add index k
ddl ALTER TABLE sql_modes.t=subject | add column e
ddl ALTER TABLE sql_modes.t=subject
row c sql_modes.t {"id":1,"a \"b":"c","d":null,"e":"d:\\"}

SET sql_mode = '';
ALTER TABLE t ADD COLUMN f DATE NOT NULL DEFAULT '0000-00-00';
ALTER TABLE t ADD COLUMN g VARCHAR(70000);
UPDATE t SET f = '2024-02-30' WHERE id = 1;
SET sql_mode = 'REAL_AS_FLOAT';
ALTER TABLE t ADD COLUMN h REAL;
SET sql_mode = 'STRICT_TRANS_TABLES';
ALTER TABLE t ADD COLUMN i REAL;
UPDATE t SET h = 0.5, i = 0.1 WHERE id = 1;
-- @expect
ddl ALTER TABLE sql_modes.t=subject | add column f
ddl ALTER TABLE sql_modes.t=subject | add column g
ddl ALTER TABLE sql_modes.t=subject | add column h
ddl ALTER TABLE sql_modes.t=subject | add column i
row u sql_modes.t {"id":1,"a \"b":"c","d":null,"e":"d:\\","f":"0000-00-00","g":null,"h":0.5,"i":0.1}
