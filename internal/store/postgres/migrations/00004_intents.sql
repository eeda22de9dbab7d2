-- +goose Up
-- What rows of batches were given before their awards are signed.
CREATE TABLE "batch_intent" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"batch" text COLLATE "C"
);
CREATE INDEX "batch_intent_by_batch" ON "batch_intent" ("batch", "ord", "id") WHERE "batch" <> '';
