-- CREATE TABLE … LIKE a table that is not routed: nobody knows what the target has under that name.
-- @on mysql80 mysql97
-- @route {"schema":"create_like_elsewhere","exclude":["create_like_elsewhere.secret"]}
SET sql_log_bin = 0;
CREATE DATABASE create_like_elsewhere;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE create_like_elsewhere;
-- @expect

USE create_like_elsewhere;
CREATE TABLE secret (id INT PRIMARY KEY, v INT);
CREATE TABLE t LIKE secret;
INSERT INTO t VALUES (1, 2);
-- @held done
CREATE TABLE create_like_elsewhere.t (id INT PRIMARY KEY, v INT);
-- @expect
ddl CREATE TABLE create_like_elsewhere.t=subject create_like_elsewhere.secret=like
hold unmapped create_like_elsewhere.t create_like_elsewhere.secret
row c create_like_elsewhere.t {"id":1,"v":2}
