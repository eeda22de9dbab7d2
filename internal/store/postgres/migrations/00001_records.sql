-- +goose Up

-- A table for each kind of record, with a column for each of its lookups. "body" is JSON as text, for signed bytes stay as they
-- were signed; "crc" is CRC-32C over the row. Text sorts by its bytes (COLLATE "C"), as in every other engine; CockroachDB, which
-- sorts so without being told, gets these statements without the collation. Lookups of rows from before a lookup was declared
-- are NULL.
CREATE TABLE "counter" (
	"name" text COLLATE "C" PRIMARY KEY,
	"value" bigint NOT NULL,
	"crc" bigint NOT NULL
);

CREATE TABLE "installation" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "organisation" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "organisation_by_all" ON "organisation" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "achievement" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"organisation" text COLLATE "C",
	"state" text COLLATE "C"
);
CREATE INDEX "achievement_by_all" ON "achievement" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "achievement_by_organisation" ON "achievement" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "achievement_by_state" ON "achievement" ("state", "ord", "id") WHERE "state" <> '';

CREATE TABLE "picture" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "achievement_draft" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C"
);
CREATE INDEX "achievement_draft_by_organisation" ON "achievement_draft" ("organisation", "ord", "id") WHERE "organisation" <> '';

CREATE TABLE "draft_picture" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "credential" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"draft" text COLLATE "C",
	"organisation" text COLLATE "C",
	"state" text COLLATE "C",
	"achievement" text COLLATE "C",
	"achievement_state" text COLLATE "C",
	"integrity_key" text COLLATE "C",
	"token_key" text COLLATE "C"
);
CREATE INDEX "credential_by_draft" ON "credential" ("draft", "ord", "id") WHERE "draft" <> '';
CREATE INDEX "credential_by_organisation" ON "credential" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "credential_by_state" ON "credential" ("state", "ord", "id") WHERE "state" <> '';
CREATE INDEX "credential_by_achievement" ON "credential" ("achievement", "ord", "id") WHERE "achievement" <> '';
CREATE INDEX "credential_by_achievement_state" ON "credential" ("achievement_state", "ord", "id") WHERE "achievement_state" <> '';
CREATE INDEX "credential_by_integrity_key" ON "credential" ("integrity_key", "ord", "id") WHERE "integrity_key" <> '';
CREATE INDEX "credential_by_token_key" ON "credential" ("token_key", "ord", "id") WHERE "token_key" <> '';

CREATE TABLE "list_pair" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "status_list" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "status_list_by_all" ON "status_list" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "status_bits" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "published_list" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "signed_document" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "token" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"digest" text COLLATE "C"
);
CREATE INDEX "token_by_all" ON "token" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "token_by_digest" ON "token" ("digest", "ord", "id") WHERE "digest" <> '';

CREATE TABLE "repeat" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "repeat_by_all" ON "repeat" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "audit" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "audit_head" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "key_file" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "batch" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C",
	"filling" text COLLATE "C"
);
CREATE INDEX "batch_by_organisation" ON "batch" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "batch_by_filling" ON "batch" ("filling", "ord", "id") WHERE "filling" <> '';

CREATE TABLE "batch_row" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"batch" text COLLATE "C",
	"waiting" text COLLATE "C"
);
CREATE INDEX "batch_row_by_batch" ON "batch_row" ("batch", "ord", "id") WHERE "batch" <> '';
CREATE INDEX "batch_row_by_waiting" ON "batch_row" ("waiting", "ord", "id") WHERE "waiting" <> '';

CREATE TABLE "secret" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "audit_reason" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "audit_head_signed" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C"
);
CREATE INDEX "audit_head_signed_by_organisation" ON "audit_head_signed" ("organisation", "ord", "id") WHERE "organisation" <> '';

CREATE TABLE "job" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"lane" text COLLATE "C",
	"state" text COLLATE "C"
);
CREATE INDEX "job_by_lane" ON "job" ("lane", "ord", "id") WHERE "lane" <> '';
CREATE INDEX "job_by_state" ON "job" ("state", "ord", "id") WHERE "state" <> '';

CREATE TABLE "job_lane" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "job_lane_by_all" ON "job_lane" ("all", "ord", "id") WHERE "all" <> '';
