-- +goose Up
-- People are found by every word of their names.
ALTER TABLE "holding" ADD COLUMN "second" text COLLATE "C";
ALTER TABLE "holding" ADD COLUMN "third" text COLLATE "C";
ALTER TABLE "holding" ADD COLUMN "fourth" text COLLATE "C";
ALTER TABLE "holding" ADD COLUMN "fifth" text COLLATE "C";
ALTER TABLE "holding" ADD COLUMN "sixth" text COLLATE "C";
ALTER TABLE "holding" ADD COLUMN "seventh" text COLLATE "C";
CREATE INDEX "holding_by_second" ON "holding" ("second", "ord", "id") WHERE "second" <> '';
CREATE INDEX "holding_by_third" ON "holding" ("third", "ord", "id") WHERE "third" <> '';
CREATE INDEX "holding_by_fourth" ON "holding" ("fourth", "ord", "id") WHERE "fourth" <> '';
CREATE INDEX "holding_by_fifth" ON "holding" ("fifth", "ord", "id") WHERE "fifth" <> '';
CREATE INDEX "holding_by_sixth" ON "holding" ("sixth", "ord", "id") WHERE "sixth" <> '';
CREATE INDEX "holding_by_seventh" ON "holding" ("seventh", "ord", "id") WHERE "seventh" <> '';

-- What earners bring from elsewhere, and the pages that they share.
CREATE TABLE "earner_import" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"address" text COLLATE "C",
	"names" text COLLATE "C"
);
CREATE INDEX "earner_import_by_address" ON "earner_import" ("address", "ord", "id") WHERE "address" <> '';
CREATE INDEX "earner_import_by_names" ON "earner_import" ("names", "ord", "id") WHERE "names" <> '';
CREATE TABLE "earner_file" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"address" text COLLATE "C"
);
CREATE INDEX "earner_file_by_address" ON "earner_file" ("address", "ord", "id") WHERE "address" <> '';
CREATE TABLE "earner_set" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"address" text COLLATE "C"
);
CREATE INDEX "earner_set_by_address" ON "earner_set" ("address", "ord", "id") WHERE "address" <> '';
