-- What changes neither rows nor definitions of tables is left alone, and so is what belongs to a server.
-- @on mysql80 mysql97
CREATE DATABASE not_carried;
USE not_carried;
CREATE TABLE t (id INT PRIMARY KEY, v INT);
CREATE VIEW vw AS SELECT id FROM t;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = NEW.id + 1;
CREATE PROCEDURE p () TRUNCATE TABLE t;
CREATE FUNCTION f () RETURNS INT DETERMINISTIC RETURN 1;
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO TRUNCATE TABLE t;
CREATE USER 'not_carried'@'localhost';
GRANT SELECT ON not_carried.t TO 'not_carried'@'localhost';
INSERT INTO t (id) VALUES (1);
ANALYZE TABLE t;
OPTIMIZE TABLE t;
FLUSH TABLES t;
ALTER TABLE t DISABLE KEYS;
ALTER VIEW vw AS SELECT v FROM t;
-- @expect
ddl CREATE DATABASE not_carried.*=database
ddl CREATE TABLE not_carried.t=subject
row c not_carried.t {"id":1,"v":2}

CALL p();
DROP TRIGGER tr;
DROP VIEW vw;
DROP PROCEDURE p;
DROP FUNCTION f;
DROP EVENT ev;
DROP USER 'not_carried'@'localhost';
INSERT INTO t VALUES (2, 0);
-- @expect
ddl TRUNCATE TABLE not_carried.t=subject
row c not_carried.t {"id":2,"v":0}
