-- Partitions that come, go, are emptied, exchanged and cut anew.
-- @on mysql80 mysql97
CREATE DATABASE partitions;
USE partitions;
CREATE TABLE p (id INT NOT NULL PRIMARY KEY, v INT) PARTITION BY RANGE (id)
  (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30));
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO p VALUES (1, 1), (11, 1), (21, 1);
INSERT INTO t VALUES (12, 2);
-- @expect
ddl CREATE DATABASE partitions.*=database
ddl CREATE TABLE partitions.p=subject
ddl CREATE TABLE partitions.t=subject
row c partitions.p {"id":1,"v":1}
row c partitions.p {"id":11,"v":1}
row c partitions.p {"id":21,"v":1}
row c partitions.t {"id":12,"v":2}

ALTER TABLE p ADD PARTITION (PARTITION p3 VALUES LESS THAN (40));
ALTER TABLE p TRUNCATE PARTITION p0;
ALTER TABLE p EXCHANGE PARTITION p1 WITH TABLE t;
ALTER TABLE p DROP PARTITION p2;
INSERT INTO p VALUES (25, 3), (35, 3);
-- @expect
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject partitions.t=with
ddl ALTER TABLE partitions.p=subject
row c partitions.p {"id":25,"v":3}
row c partitions.p {"id":35,"v":3}

ALTER TABLE p REORGANIZE PARTITION p3 INTO (PARTITION p3 VALUES LESS THAN (30), PARTITION p4 VALUES LESS THAN MAXVALUE);
ALTER TABLE p REBUILD PARTITION p4;
ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE partitions . t WITHOUT VALIDATION;
ALTER TABLE p REMOVE PARTITIONING;
ALTER TABLE p PARTITION BY HASH (id) PARTITIONS 3;
ALTER TABLE p COALESCE PARTITION 1;
DELETE FROM p WHERE v = 3;
-- @expect
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject partitions.t=with
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject
ddl ALTER TABLE partitions.p=subject
row d partitions.p {"id":25,"v":3}
row d partitions.p {"id":35,"v":3}
