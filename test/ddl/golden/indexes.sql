-- Indexes and keys that come, go and change.
-- @on mysql80 mysql97
CREATE DATABASE indexes;
USE indexes;
CREATE TABLE t (id INT NOT NULL, v VARCHAR(10), w TEXT, g GEOMETRY NOT NULL SRID 0);
INSERT INTO t (id, v, g) VALUES (1, 'one', POINT(1, 2));
-- @expect
ddl CREATE DATABASE indexes.*=database
ddl CREATE TABLE indexes.t=subject
row c indexes.t {"id":1,"v":"one","w":null,"g":["b","AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA=="]}

CREATE INDEX k ON t (v);
CREATE UNIQUE INDEX u USING BTREE ON t (id DESC, v(3));
CREATE FULLTEXT INDEX f ON indexes.t (w);
CREATE SPATIAL INDEX s ON t (g);
-- @expect
ddl CREATE INDEX indexes.t=subject | add index k
ddl CREATE INDEX indexes.t=subject | add index u
ddl CREATE INDEX indexes.t=subject | add index f
ddl CREATE INDEX indexes.t=subject

ALTER TABLE t ADD INDEX k2 (id, v), ADD KEY k3 (v DESC);
ALTER TABLE t RENAME INDEX k TO k1;
ALTER TABLE t ALTER INDEX k1 INVISIBLE;
ALTER TABLE t ADD PRIMARY KEY (id);
UPDATE t SET v = 'two' WHERE id = 1;
-- @expect
ddl ALTER TABLE indexes.t=subject | add index k2, add index k3
ddl ALTER TABLE indexes.t=subject
ddl ALTER TABLE indexes.t=subject
ddl ALTER TABLE indexes.t=subject
row u indexes.t {"id":1,"v":"two","w":null,"g":["b","AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA=="]}

DROP INDEX s ON t;
DROP INDEX `f` ON `indexes` . `t` ALGORITHM = INPLACE;
ALTER TABLE t DROP INDEX u, DROP KEY k2, ADD UNIQUE INDEX u2 (v), DROP COLUMN g;
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (v);
UPDATE t SET id = 5;
-- @expect
ddl DROP INDEX indexes.t=subject | drop index s
ddl DROP INDEX indexes.t=subject | drop index f
ddl ALTER TABLE indexes.t=subject | drop index u, drop index k2, add index u2, drop column g
ddl ALTER TABLE indexes.t=subject
row u indexes.t {"id":5,"v":"two","w":null}
