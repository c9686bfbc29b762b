-- CREATE TABLE … SELECT: the table, then its rows. MySQL 8.0.15 with GTIDs refuses it.
-- @on mysql97
CREATE DATABASE create_select;
USE create_select;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5));
INSERT INTO t VALUES (1, 'one'), (2, 'two');
-- @expect
ddl CREATE DATABASE create_select.*=database
ddl CREATE TABLE create_select.t=subject
row c create_select.t {"id":1,"v":"one"}
row c create_select.t {"id":2,"v":"two"}

CREATE TABLE whole (PRIMARY KEY (id)) SELECT id, UPPER(v) AS v FROM t ORDER BY id;
CREATE TABLE none AS SELECT * FROM t WHERE id > 5;
INSERT INTO whole VALUES (3, 'three');
-- @expect
ddl CREATE TABLE create_select.whole=subject
row c create_select.whole {"id":1,"v":"ONE"}
row c create_select.whole {"id":2,"v":"TWO"}
ddl CREATE TABLE create_select.none=subject
row c create_select.whole {"id":3,"v":"three"}
