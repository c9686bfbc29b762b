-- gh-ost and pt-online-schema-change, one way, on a table that is routed by its name: what they make goes with it, but for their own notes.
-- @on mysql80 mysql97
-- @route {"schema":"online_tools","table":"items"}
SET sql_log_bin = 0;
CREATE DATABASE online_tools;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE online_tools;
-- @expect

USE online_tools;
CREATE TABLE items (id INT PRIMARY KEY, v INT);
INSERT INTO items VALUES (1, 1);
drop /* gh-ost */ table if exists `online_tools`.`_items_gho`;
drop /* gh-ost */ table if exists `online_tools`.`_items_ghc`;
create /* gh-ost */ table `online_tools`.`_items_ghc` (id bigint unsigned auto_increment primary key, hint varchar(64) charset ascii);
create /* gh-ost */ table `online_tools`.`_items_gho` like `online_tools`.`items`;
alter /* gh-ost */ table `online_tools`.`_items_gho` ADD COLUMN c INT;
INSERT INTO _items_ghc VALUES (1, 'heartbeat');
INSERT INTO _items_gho VALUES (1, 1, 7);
INSERT INTO items VALUES (2, 2);
INSERT INTO _items_gho VALUES (2, 2, NULL);
create /* gh-ost */ table `online_tools`.`_items_del` (id int auto_increment primary key) engine=InnoDB comment='ghost-cut-over-sentry';
drop /* gh-ost */ table if exists `online_tools`.`_items_del`;
rename /* gh-ost */ table `online_tools`.`items` to `online_tools`.`_items_del`, `online_tools`.`_items_gho` to `online_tools`.`items`;
drop /* gh-ost */ table if exists `online_tools`.`_items_ghc`;
INSERT INTO items VALUES (3, 3, 3);
-- @expect
ddl CREATE TABLE online_tools.items=subject
row c online_tools.items {"id":1,"v":1}
ddl DROP TABLE online_tools._items_gho=subject
ddl CREATE TABLE online_tools._items_gho=subject online_tools.items=like
ddl ALTER TABLE online_tools._items_gho=subject | add column c
row c online_tools._items_gho {"id":1,"v":1,"c":7}
row c online_tools.items {"id":2,"v":2}
row c online_tools._items_gho {"id":2,"v":2,"c":null}
ddl CREATE TABLE online_tools._items_del=subject
ddl DROP TABLE online_tools._items_del=subject
ddl RENAME TABLE online_tools.items=from online_tools._items_del=to online_tools._items_gho=from online_tools.items=to
row c online_tools.items {"id":3,"v":3,"c":3}

CREATE TABLE `online_tools`.`_items_new` (id INT NOT NULL, v INT, c INT, PRIMARY KEY (id)) ENGINE=InnoDB;
ALTER TABLE `online_tools`.`_items_new` ADD COLUMN d INT;
CREATE TRIGGER `pt_osc_online_tools_items_ins` AFTER INSERT ON `online_tools`.`items` FOR EACH ROW REPLACE INTO `online_tools`.`_items_new` (`id`, `v`, `c`) VALUES (NEW.`id`, NEW.`v`, NEW.`c`);
INSERT INTO items VALUES (4, 4, 4);
INSERT LOW_PRIORITY IGNORE INTO `online_tools`.`_items_new` (`id`, `v`, `c`) SELECT `id`, `v`, `c` FROM `online_tools`.`items` ORDER BY id LOCK IN SHARE MODE;
ANALYZE TABLE `online_tools`.`_items_new` /* pt-online-schema-change */;
RENAME TABLE `online_tools`.`items` TO `online_tools`.`_items_old`, `online_tools`.`_items_new` TO `online_tools`.`items`;
DROP TABLE IF EXISTS `_items_old`;
DROP TRIGGER IF EXISTS `online_tools`.`pt_osc_online_tools_items_ins`;
INSERT INTO items VALUES (5, 5, 5, 5);
-- @expect
ddl CREATE TABLE online_tools._items_new=subject
ddl ALTER TABLE online_tools._items_new=subject | add column d
row c online_tools.items {"id":4,"v":4,"c":4}
row c online_tools._items_new {"id":4,"v":4,"c":4,"d":null}
row c online_tools._items_new {"id":1,"v":1,"c":7,"d":null}
row c online_tools._items_new {"id":2,"v":2,"c":null,"d":null}
row c online_tools._items_new {"id":3,"v":3,"c":3,"d":null}
ddl RENAME TABLE online_tools.items=from online_tools._items_old=to online_tools._items_new=from online_tools.items=to
ddl DROP TABLE online_tools._items_old=subject
row c online_tools.items {"id":5,"v":5,"c":5,"d":5}
