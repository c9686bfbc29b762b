-- RENAME TABLE: of several, in a circle of three, into another database; and by ALTER TABLE.
-- @on mysql80 mysql97
-- @route {"schema":"renames"}
-- @route {"schema":"renames_too"}
CREATE DATABASE renames;
CREATE DATABASE renames_too;
USE renames;
CREATE TABLE a (id INT PRIMARY KEY, a INT);
CREATE TABLE b (id INT PRIMARY KEY, b INT);
CREATE TABLE c (id INT PRIMARY KEY, c INT);
INSERT INTO a VALUES (1, 1);
INSERT INTO b VALUES (1, 2);
INSERT INTO c VALUES (1, 3);
-- @expect
ddl CREATE DATABASE renames.*=database
ddl CREATE DATABASE renames_too.*=database
ddl CREATE TABLE renames.a=subject
ddl CREATE TABLE renames.b=subject
ddl CREATE TABLE renames.c=subject
row c renames.a {"id":1,"a":1}
row c renames.b {"id":1,"b":2}
row c renames.c {"id":1,"c":3}

RENAME TABLE a TO a2;
RENAME TABLE a2 TO a, renames.b TO b2, b2 TO b;
RENAME TABLE a TO x, b TO a, c TO b, x TO c;
INSERT INTO a VALUES (2, 2);
INSERT INTO b VALUES (2, 3);
INSERT INTO c VALUES (2, 1);
-- @expect
ddl RENAME TABLE renames.a=from renames.a2=to
ddl RENAME TABLE renames.a2=from renames.a=to renames.b=from renames.b2=to renames.b2=from renames.b=to
ddl RENAME TABLE renames.a=from renames.x=to renames.b=from renames.a=to renames.c=from renames.b=to renames.x=from renames.c=to
row c renames.a {"id":2,"b":2}
row c renames.b {"id":2,"c":3}
row c renames.c {"id":2,"a":1}

RENAME TABLE renames.a TO renames_too.a;
ALTER TABLE b RENAME TO renames_too.b;
ALTER TABLE c RENAME AS d;
ALTER TABLE d ADD COLUMN e INT, RENAME f;
INSERT INTO renames_too.a VALUES (3, 2);
INSERT INTO f VALUES (3, 1, 4);
-- @expect
ddl RENAME TABLE renames.a=from renames_too.a=to
ddl ALTER TABLE renames.b=subject renames_too.b=to
ddl ALTER TABLE renames.c=subject renames.d=to
ddl ALTER TABLE renames.d=subject renames.f=to
row c renames_too.a {"id":3,"b":2}
row c renames.f {"id":3,"a":1,"e":4}
