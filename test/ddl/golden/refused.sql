-- The target refuses what the source took: it has a row of its own, or lacks an index.
-- @on mysql80 mysql97
CREATE DATABASE refused;
USE refused;
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1);
-- @expect
ddl CREATE DATABASE refused.*=database
ddl CREATE TABLE refused.t=subject
row c refused.t {"id":1,"v":1}

-- @session target
INSERT INTO refused.t VALUES (7, 1);
-- @expect

CREATE UNIQUE INDEX u ON t (v);
INSERT INTO t VALUES (2, 2);
-- @held run
DELETE FROM refused.t WHERE id = 7;
-- @expect
ddl CREATE INDEX refused.t=subject | add index u
hold failed refused.t
row c refused.t {"id":2,"v":2}

-- @session target
ALTER TABLE refused.t DROP INDEX u;
-- @expect

ALTER TABLE t DROP INDEX u, ADD INDEX w (v);
-- @held run
ALTER TABLE refused.t ADD UNIQUE INDEX u (v);
-- @expect
ddl ALTER TABLE refused.t=subject | drop index u, add index w
hold failed refused.t
