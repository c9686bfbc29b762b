-- CREATE TABLE … LIKE.
-- @on mysql80 mysql97
CREATE DATABASE create_like;
USE create_like;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5) DEFAULT 'd', KEY k (v)) COMMENT = 'of t';
CREATE TABLE u LIKE t;
CREATE TABLE IF NOT EXISTS create_like.v (LIKE create_like . u);
INSERT INTO v (id) VALUES (1);
-- @expect
ddl CREATE DATABASE create_like.*=database
ddl CREATE TABLE create_like.t=subject
ddl CREATE TABLE create_like.u=subject create_like.t=like
ddl CREATE TABLE create_like.v=subject create_like.u=like
row c create_like.v {"id":1,"v":"d"}
