-- What ALTER TABLE says of the table as a whole.
-- @on mysql80 mysql97
CREATE DATABASE alter_options;
USE alter_options;
CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10)) CHARACTER SET latin1;
INSERT INTO t VALUES (1, 'café');
-- @expect
ddl CREATE DATABASE alter_options.*=database
ddl CREATE TABLE alter_options.t=subject
row c alter_options.t {"id":1,"v":"café"}

ALTER TABLE t COMMENT = 'of alter_options.t; and `t`';
ALTER TABLE t AUTO_INCREMENT = 1000;
ALTER TABLE t ROW_FORMAT = DYNAMIC, STATS_PERSISTENT = 1;
ALTER TABLE t ENGINE = InnoDB;
ALTER TABLE t FORCE, ALGORITHM = COPY, LOCK = SHARED;
ALTER TABLE t ORDER BY v;
INSERT INTO t VALUES (1000, 'next');
-- @expect
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
row c alter_options.t {"id":1000,"v":"next"}

ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
ALTER TABLE t DEFAULT CHARACTER SET latin2;
ALTER TABLE t ADD COLUMN w VARCHAR(5);
ALTER TABLE t ENABLE KEYS;
UPDATE t SET v = '漢', w = 'ő' WHERE id = 1;
-- @expect
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject
ddl ALTER TABLE alter_options.t=subject | add column w
row u alter_options.t {"id":1,"v":"漢","w":"ő"}
