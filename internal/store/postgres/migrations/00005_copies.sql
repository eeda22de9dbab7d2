-- +goose Up
-- Which credentials stand in what earners bring.
CREATE TABLE "earner_copy" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"import" text COLLATE "C",
	"name" text COLLATE "C",
	"address" text COLLATE "C"
);
CREATE INDEX "earner_copy_by_import" ON "earner_copy" ("import", "ord", "id") WHERE "import" <> '';
CREATE INDEX "earner_copy_by_name" ON "earner_copy" ("name", "ord", "id") WHERE "name" <> '';
CREATE INDEX "earner_copy_by_address" ON "earner_copy" ("address", "ord", "id") WHERE "address" <> '';
