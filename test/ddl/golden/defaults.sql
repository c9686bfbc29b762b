-- What a CREATE TABLE leaves to its database: the target's has another default.
-- @on mysql80 mysql97
SET sql_log_bin = 0;
CREATE DATABASE `defaults` CHARACTER SET latin1;
SET sql_log_bin = 1;
-- @session target
CREATE DATABASE `defaults`;
-- @expect

CREATE TABLE `defaults`.t (id INT PRIMARY KEY, v VARCHAR(10));
-- @held done
CREATE TABLE `defaults`.t (id INT PRIMARY KEY, v VARCHAR(10)) CHARACTER SET latin1;
-- @expect
ddl CREATE TABLE defaults.t=subject
hold defaults defaults.t

CREATE TABLE `defaults`.u (id INT PRIMARY KEY, v VARCHAR(10)) CHARACTER SET utf8mb4;
INSERT INTO `defaults`.t VALUES (1, 'é');
INSERT INTO `defaults`.u VALUES (1, '漢');
-- @session target
ALTER DATABASE `defaults` CHARACTER SET latin1;
-- @expect
ddl CREATE TABLE defaults.u=subject
row c defaults.t {"id":1,"v":"é"}
row c defaults.u {"id":1,"v":"漢"}
