-- Clients of other character sets: the bytes of a name and of a text are theirs. In gbk the second byte of a letter may be a backslash.
-- @on mysql80 mysql97
CREATE DATABASE clients;
-- @session g gbk
USE clients;
CREATE TABLE 乗 (id INT PRIMARY KEY, 漢 VARCHAR(10) DEFAULT '乗' COMMENT '乣`乗') CHARACTER SET utf8mb4;
ALTER TABLE 乗 ADD COLUMN 乣 VARCHAR(5) CHARACTER SET gbk DEFAULT '乗乣';
INSERT INTO 乗 (id) VALUES (1);
-- @session l latin1
USE clients;
CREATE TABLE naïve (id INT PRIMARY KEY, é VARCHAR(10) DEFAULT 'ñ' COMMENT 'ü') CHARACTER SET utf8mb4;
ALTER TABLE naïve ADD COLUMN ß CHAR(1) DEFAULT 'ß';
INSERT INTO naïve (id) VALUES (1);
RENAME TABLE naïve TO façade;
-- @expect
ddl CREATE DATABASE clients.*=database
ddl CREATE TABLE clients.乗=subject
ddl ALTER TABLE clients.乗=subject | add column 乣
row c clients.乗 {"id":1,"漢":"乗","乣":"乗乣"}
ddl CREATE TABLE clients.naïve=subject
ddl ALTER TABLE clients.naïve=subject | add column ß
row c clients.naïve {"id":1,"é":"ñ","ß":"ß"}
ddl RENAME TABLE clients.naïve=from clients.façade=to
