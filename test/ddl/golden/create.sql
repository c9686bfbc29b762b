-- CREATE TABLE in its forms.
-- @on mysql80 mysql97
CREATE DATABASE `create` CHARACTER SET latin1 COLLATE latin1_german1_ci;
USE `create`;
CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, v VARCHAR(10) NOT NULL DEFAULT 'x', KEY k (v)) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS `create`.`full` (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'a comment; of `plain`',
  e ENUM('a','b') CHARACTER SET utf8mb4 NOT NULL,
  d DECIMAL(20,5) NULL,
  j JSON NULL,
  PRIMARY KEY (id),
  UNIQUE KEY u (d)
) AUTO_INCREMENT = 50 CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT = 'full';
CREATE TABLE IF NOT EXISTS plain (other INT);
CREATE TEMPORARY TABLE passing (id INT);
INSERT INTO plain VALUES (1, 'ä');
INSERT INTO `full` (id, e, d) VALUES (50, 'b', 1.5);
DROP TEMPORARY TABLE passing;
-- @expect
ddl CREATE DATABASE create.*=database
ddl CREATE TABLE create.plain=subject
ddl CREATE TABLE create.full=subject
ddl CREATE TABLE create.plain=subject
row c create.plain {"id":1,"v":"ä"}
row c create.full {"id":["i","50"],"e":"b","d":"1.50000","j":null}

CREATE TABLE child (id INT PRIMARY KEY, up INT, CONSTRAINT up FOREIGN KEY (up) REFERENCES plain (id) ON DELETE RESTRICT);
CREATE TABLE parts (id INT NOT NULL) PARTITION BY KEY (id) PARTITIONS 2;
INSERT INTO child VALUES (1, 1);
INSERT INTO parts VALUES (1), (1);
-- @expect
ddl CREATE TABLE create.child=subject create.plain=references
ddl CREATE TABLE create.parts=subject
row c create.child {"id":1,"up":1}
row c create.parts {"id":1}
row c create.parts {"id":1}
