PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE access_keys (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  secret_hash BLOB NOT NULL UNIQUE,
  role TEXT NOT NULL,
  knowledge_bases TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO access_keys VALUES('key-admin','admin','fd_fixture',X'8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918','owner','[]',1700000000000000,NULL,NULL);
INSERT INTO access_keys VALUES('key-widget','widget','fd_fixture',X'8ac140ceb6ca8d6e51a987a9828b9f97b95bbc3ae6bdb0558e2631cb8da232b8','reader','["shop"]',1700000000000000,NULL,NULL);
COMMIT;
PRAGMA user_version = 1;
