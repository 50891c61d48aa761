-- Once, as PostgreSQL's administrator:
--
--   psql -v owner_password=… -v app_password=… -f roles.sql
--
-- yilian_owner migrates and is backed up from; yilian_app serves pages, is subject to
-- row security and cannot change audit rows or the record behind the program's back.
CREATE ROLE yilian_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE yilian_app LOGIN PASSWORD :'app_password';
GRANT yilian_app TO yilian_owner;
CREATE DATABASE yilian OWNER yilian_owner TEMPLATE template0
    ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
\connect yilian
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION btree_gin;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO yilian_owner;
