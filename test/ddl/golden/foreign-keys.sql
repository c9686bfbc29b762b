-- Foreign keys between tables that are routed, and to one that is not.
-- @on mysql80 mysql97
-- @route {"schema":"foreign_keys","exclude":["foreign_keys.elsewhere"]}
SET sql_log_bin = 0;
CREATE DATABASE foreign_keys;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE foreign_keys;
-- @expect

USE foreign_keys;
CREATE TABLE elsewhere (id INT PRIMARY KEY);
CREATE TABLE parent (id INT PRIMARY KEY, up INT, CONSTRAINT self FOREIGN KEY (up) REFERENCES parent (id));
CREATE TABLE child (id INT PRIMARY KEY, p INT, e INT);
ALTER TABLE child ADD CONSTRAINT to_parent FOREIGN KEY (p) REFERENCES foreign_keys.parent (id) ON UPDATE RESTRICT;
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (1, 1, NULL);
SET foreign_key_checks = 0;
CREATE TABLE grandchild (id INT PRIMARY KEY, c INT, CONSTRAINT early FOREIGN KEY (c) REFERENCES later (id));
CREATE TABLE later (id INT PRIMARY KEY);
SET foreign_key_checks = 1;
DROP TABLE grandchild;
-- @expect
ddl CREATE TABLE foreign_keys.parent=subject foreign_keys.parent=references
ddl CREATE TABLE foreign_keys.child=subject
ddl ALTER TABLE foreign_keys.child=subject foreign_keys.parent=references
row c foreign_keys.parent {"id":1,"up":1}
row c foreign_keys.child {"id":1,"p":1,"e":null}
ddl CREATE TABLE foreign_keys.grandchild=subject foreign_keys.later=references
ddl CREATE TABLE foreign_keys.later=subject
ddl DROP TABLE foreign_keys.grandchild=subject

ALTER TABLE foreign_keys.child ADD CONSTRAINT to_elsewhere FOREIGN KEY (e) REFERENCES foreign_keys.elsewhere (id);
-- @held done
ALTER TABLE foreign_keys.child ADD KEY to_elsewhere (e);
-- @expect
ddl ALTER TABLE foreign_keys.child=subject foreign_keys.elsewhere=references
hold unmapped foreign_keys.child foreign_keys.elsewhere

ALTER TABLE foreign_keys.child DROP FOREIGN KEY to_elsewhere;
-- @held done
-- @expect
ddl ALTER TABLE foreign_keys.child=subject
hold failed foreign_keys.child

ALTER TABLE child DROP FOREIGN KEY to_parent;
UPDATE child SET p = 7 WHERE id = 1;
RENAME TABLE parent TO parents;
-- @expect
ddl ALTER TABLE foreign_keys.child=subject
row u foreign_keys.child {"id":1,"p":7,"e":null}
ddl RENAME TABLE foreign_keys.parent=from foreign_keys.parents=to
