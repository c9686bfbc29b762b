-- Tables that have other names at the target, in another database.
-- @on mysql80 mysql97
-- @route {"schema":"routes_to","table":"orders","to":{"schema":"routes_to_there","table":"purchases"}}
-- @route {"schema":"routes_to","exclude":["routes_to.purchases"],"to":{"schema":"routes_to_there"}}
SET sql_log_bin = 0;
CREATE DATABASE routes_to;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE routes_to_there;
-- @expect

USE routes_to;
CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(9) COMMENT 'orders');
CREATE TABLE items (id INT PRIMARY KEY, o INT, CONSTRAINT of_order FOREIGN KEY (o) REFERENCES routes_to.orders (id));
CREATE TABLE copy LIKE orders;
INSERT INTO orders VALUES (1, 'orders');
INSERT INTO items VALUES (1, 1);
-- @expect
ddl CREATE TABLE routes_to.orders=subject
ddl CREATE TABLE routes_to.items=subject routes_to.orders=references
ddl CREATE TABLE routes_to.copy=subject routes_to.orders=like
row c routes_to.orders {"id":1,"note":"orders"}
row c routes_to.items {"id":1,"o":1}

ALTER TABLE orders ADD COLUMN orders INT, ADD INDEX orders (orders);
CREATE INDEX k ON routes_to.orders (note);
ALTER TABLE items DROP FOREIGN KEY of_order;
RENAME TABLE copy TO copied, copied TO archive;
TRUNCATE archive;
UPDATE orders SET orders = 5;
DROP TABLE archive;
-- @expect
ddl ALTER TABLE routes_to.orders=subject | add column orders, add index orders
ddl CREATE INDEX routes_to.orders=subject | add index k
ddl ALTER TABLE routes_to.items=subject
ddl RENAME TABLE routes_to.copy=from routes_to.copied=to routes_to.copied=from routes_to.archive=to
ddl TRUNCATE TABLE routes_to.archive=subject
row u routes_to.orders {"id":1,"note":"orders","orders":5}
ddl DROP TABLE routes_to.archive=subject
