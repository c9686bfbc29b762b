-- A database of which a part is routed is neither made nor dropped at the target.
-- @on mysql80 mysql97
-- @route {"schema":"database_in_part","table":"t*"}
CREATE DATABASE database_in_part;
-- @held done
CREATE DATABASE database_in_part;
CREATE TABLE database_in_part.own (id INT PRIMARY KEY);
-- @expect
ddl CREATE DATABASE database_in_part.*=database
hold unmapped database_in_part.*

CREATE TABLE database_in_part.t (id INT PRIMARY KEY);
INSERT INTO database_in_part.t VALUES (1);
-- @expect
ddl CREATE TABLE database_in_part.t=subject
row c database_in_part.t {"id":1}

DROP DATABASE database_in_part;
-- @held done
DROP TABLE database_in_part.t;
-- @expect
ddl DROP DATABASE database_in_part.*=database
hold unmapped database_in_part.*

-- @session target
DROP TABLE database_in_part.own;
-- @expect
