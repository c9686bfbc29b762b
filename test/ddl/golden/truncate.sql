-- TRUNCATE between rows: what was written before it is gone, what was written behind it is there.
-- @on mysql80 mysql97
CREATE DATABASE `truncate`;
USE `truncate`;
CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO t (id, v) VALUES (1, 1), (2, 2);
TRUNCATE TABLE t;
INSERT INTO t (id, v) VALUES (1, 3);
TRUNCATE t;
TRUNCATE `truncate`.t;
INSERT INTO t (id, v) VALUES (1, 4), (2, 5);
DELETE FROM t WHERE v = 4;
-- @expect
ddl CREATE DATABASE truncate.*=database
ddl CREATE TABLE truncate.t=subject
row c truncate.t {"id":1,"v":1}
row c truncate.t {"id":2,"v":2}
ddl TRUNCATE TABLE truncate.t=subject
row c truncate.t {"id":1,"v":3}
ddl TRUNCATE TABLE truncate.t=subject
ddl TRUNCATE TABLE truncate.t=subject
row c truncate.t {"id":1,"v":4}
row c truncate.t {"id":2,"v":5}
row d truncate.t {"id":1,"v":4}
