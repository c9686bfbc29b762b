-- Comments wherever they may stand, those that are executed included.
-- @on mysql80 mysql97
CREATE DATABASE comments;
USE comments;
CREATE /* table u */ TABLE t /*!50100 ( id INT PRIMARY KEY ) */ /*!50100 COMMENT 'run' */;
CREATE TABLE comments /* of */ . /* it */ `u` (id INT PRIMARY KEY) # to the end of the line
;
ALTER TABLE t -- u ADD COLUMN no INT
  ADD COLUMN a INT /*!99999 , ADD COLUMN never INT */;
ALTER TABLE /*!50000 t */ ADD COLUMN b INT, /* DROP COLUMN a */ ADD COLUMN c INT;
/* in front */ TRUNCATE/**/t;
ALTER TABLE u ADD COLUMN d INT COMMENT '/*!50000 not a comment */ -- nor this';
DROP /*!50000 TABLE IF EXISTS */ nowhere, /*u,*/ t;
INSERT INTO u VALUES (1, 2);
-- @expect
ddl CREATE DATABASE comments.*=database
ddl CREATE TABLE comments.t=subject
ddl CREATE TABLE comments.u=subject
ddl ALTER TABLE comments.t=subject | add column a
ddl ALTER TABLE comments.t=subject | add column b, add column c
ddl TRUNCATE TABLE comments.t=subject
ddl ALTER TABLE comments.u=subject | add column d
ddl DROP TABLE comments.t=subject comments.nowhere=subject
row c comments.u {"id":1,"d":2}
