-- Names that must be quoted, or look like something else.
-- @on mysql80 mysql97
-- @route {"schema":"quo-ting"}
CREATE DATABASE `quo-ting`;
USE `quo-ting`;
CREATE TABLE `a b` (id INT PRIMARY KEY, `from` INT, `to` INT);
CREATE TABLE `table` (id INT PRIMARY KEY);
CREATE TABLE `select``` (id INT PRIMARY KEY);
CREATE TABLE 1t (id INT PRIMARY KEY);
CREATE TABLE 漢字 (id INT PRIMARY KEY);
CREATE TABLE `a.b` (id INT PRIMARY KEY);
-- @expect
ddl CREATE DATABASE "quo-ting".*=database
ddl CREATE TABLE "quo-ting"."a b"=subject
ddl CREATE TABLE "quo-ting".table=subject
ddl CREATE TABLE "quo-ting"."select`"=subject
ddl CREATE TABLE "quo-ting".1t=subject
ddl CREATE TABLE "quo-ting".漢字=subject
ddl CREATE TABLE "quo-ting"."a.b"=subject

ALTER TABLE `a b` RENAME COLUMN `from` TO `rename`, ADD INDEX `a b` (`to`);
ALTER TABLE `table` ADD COLUMN `add column` INT;
ALTER TABLE `quo-ting` . 1t ADD `drop` INT, ADD INDEX `references` (`drop`);
RENAME TABLE `select``` TO `quo-ting` . `a``b`, 漢字 TO `;`;
DROP TABLE `a.b`;
INSERT INTO `a``b` VALUES (1);
INSERT INTO `;` VALUES (2);
-- @expect
ddl ALTER TABLE "quo-ting"."a b"=subject
ddl ALTER TABLE "quo-ting".table=subject | add column "add column"
ddl ALTER TABLE "quo-ting".1t=subject | add column drop, add index references
ddl RENAME TABLE "quo-ting"."select`"=from "quo-ting"."a`b"=to "quo-ting".漢字=from "quo-ting".";"=to
ddl DROP TABLE "quo-ting"."a.b"=subject
row c "quo-ting"."a`b" {"id":1}
row c "quo-ting".";" {"id":2}
