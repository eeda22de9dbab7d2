-- +goose Up

-- What the issuing office keeps: people and their sessions, earners, messages, webhooks, proposals and cases; and new lists of what
-- there was. Lookups of rows from before are NULL until the records are put anew.
ALTER TABLE "credential" ADD COLUMN "recipient" text COLLATE "C";
CREATE INDEX "credential_by_recipient" ON "credential" ("recipient", "ord", "id") WHERE "recipient" <> '';
ALTER TABLE "credential" ADD COLUMN "batch" text COLLATE "C";
CREATE INDEX "credential_by_batch" ON "credential" ("batch", "ord", "id") WHERE "batch" <> '';
ALTER TABLE "credential" ADD COLUMN "day" text COLLATE "C";
CREATE INDEX "credential_by_day" ON "credential" ("day", "ord", "id") WHERE "day" <> '';
ALTER TABLE "credential" ADD COLUMN "supersedes" text COLLATE "C";
CREATE INDEX "credential_by_supersedes" ON "credential" ("supersedes", "ord", "id") WHERE "supersedes" <> '';
ALTER TABLE "audit" ADD COLUMN "organisation" text COLLATE "C";
CREATE INDEX "audit_by_organisation" ON "audit" ("organisation", "ord", "id") WHERE "organisation" <> '';
ALTER TABLE "audit" ADD COLUMN "subject" text COLLATE "C";
CREATE INDEX "audit_by_subject" ON "audit" ("subject", "ord", "id") WHERE "subject" <> '';
ALTER TABLE "audit" ADD COLUMN "actor" text COLLATE "C";
CREATE INDEX "audit_by_actor" ON "audit" ("actor", "ord", "id") WHERE "actor" <> '';
ALTER TABLE "batch" ADD COLUMN "due" text COLLATE "C";
CREATE INDEX "batch_by_due" ON "batch" ("due", "ord", "id") WHERE "due" <> '';
ALTER TABLE "batch_row" ADD COLUMN "problem" text COLLATE "C";
CREATE INDEX "batch_row_by_problem" ON "batch_row" ("problem", "ord", "id") WHERE "problem" <> '';
ALTER TABLE "batch_row" ADD COLUMN "recipient" text COLLATE "C";
CREATE INDEX "batch_row_by_recipient" ON "batch_row" ("recipient", "ord", "id") WHERE "recipient" <> '';
ALTER TABLE "status_list" ADD COLUMN "organisation" text COLLATE "C";
CREATE INDEX "status_list_by_organisation" ON "status_list" ("organisation", "ord", "id") WHERE "organisation" <> '';
ALTER TABLE "repeat" ADD COLUMN "about" text COLLATE "C";
CREATE INDEX "repeat_by_about" ON "repeat" ("about", "ord", "id") WHERE "about" <> '';

CREATE TABLE "proposal" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C",
	"state" text COLLATE "C",
	"subject" text COLLATE "C",
	"due" text COLLATE "C",
	"recipient" text COLLATE "C"
);
CREATE INDEX "proposal_by_organisation" ON "proposal" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "proposal_by_state" ON "proposal" ("state", "ord", "id") WHERE "state" <> '';
CREATE INDEX "proposal_by_subject" ON "proposal" ("subject", "ord", "id") WHERE "subject" <> '';
CREATE INDEX "proposal_by_due" ON "proposal" ("due", "ord", "id") WHERE "due" <> '';
CREATE INDEX "proposal_by_recipient" ON "proposal" ("recipient", "ord", "id") WHERE "recipient" <> '';

CREATE TABLE "case" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C",
	"state" text COLLATE "C",
	"credential" text COLLATE "C"
);
CREATE INDEX "case_by_organisation" ON "case" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "case_by_state" ON "case" ("state", "ord", "id") WHERE "state" <> '';
CREATE INDEX "case_by_credential" ON "case" ("credential", "ord", "id") WHERE "credential" <> '';

CREATE TABLE "organisation_picture" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "endorsement" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"draft" text COLLATE "C",
	"organisation" text COLLATE "C",
	"subject" text COLLATE "C",
	"award" text COLLATE "C"
);
CREATE INDEX "endorsement_by_draft" ON "endorsement" ("draft", "ord", "id") WHERE "draft" <> '';
CREATE INDEX "endorsement_by_organisation" ON "endorsement" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "endorsement_by_subject" ON "endorsement" ("subject", "ord", "id") WHERE "subject" <> '';
CREATE INDEX "endorsement_by_award" ON "endorsement" ("award", "ord", "id") WHERE "award" <> '';

CREATE TABLE "revocation_list" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL
);

CREATE TABLE "revoked" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"list" text COLLATE "C"
);
CREATE INDEX "revoked_by_list" ON "revoked" ("list", "ord", "id") WHERE "list" <> '';

CREATE TABLE "account" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"email" text COLLATE "C"
);
CREATE INDEX "account_by_all" ON "account" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "account_by_email" ON "account" ("email", "ord", "id") WHERE "email" <> '';

CREATE TABLE "membership" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C",
	"account" text COLLATE "C",
	"owned" text COLLATE "C"
);
CREATE INDEX "membership_by_organisation" ON "membership" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "membership_by_account" ON "membership" ("account", "ord", "id") WHERE "account" <> '';
CREATE INDEX "membership_by_owned" ON "membership" ("owned", "ord", "id") WHERE "owned" <> '';

CREATE TABLE "invitation" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"digest" text COLLATE "C",
	"organisation" text COLLATE "C",
	"email" text COLLATE "C"
);
CREATE INDEX "invitation_by_all" ON "invitation" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "invitation_by_digest" ON "invitation" ("digest", "ord", "id") WHERE "digest" <> '';
CREATE INDEX "invitation_by_organisation" ON "invitation" ("organisation", "ord", "id") WHERE "organisation" <> '';
CREATE INDEX "invitation_by_email" ON "invitation" ("email", "ord", "id") WHERE "email" <> '';

CREATE TABLE "sign_in_link" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"account" text COLLATE "C"
);
CREATE INDEX "sign_in_link_by_all" ON "sign_in_link" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "sign_in_link_by_account" ON "sign_in_link" ("account", "ord", "id") WHERE "account" <> '';

CREATE TABLE "session" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"account" text COLLATE "C"
);
CREATE INDEX "session_by_all" ON "session" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "session_by_account" ON "session" ("account", "ord", "id") WHERE "account" <> '';

CREATE TABLE "passkey" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"account" text COLLATE "C"
);
CREATE INDEX "passkey_by_account" ON "passkey" ("account", "ord", "id") WHERE "account" <> '';

CREATE TABLE "identity" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"account" text COLLATE "C"
);
CREATE INDEX "identity_by_account" ON "identity" ("account", "ord", "id") WHERE "account" <> '';

CREATE TABLE "ceremony" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "ceremony_by_all" ON "ceremony" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "message" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"to" text COLLATE "C",
	"about" text COLLATE "C",
	"all" text COLLATE "C"
);
CREATE INDEX "message_by_to" ON "message" ("to", "ord", "id") WHERE "to" <> '';
CREATE INDEX "message_by_about" ON "message" ("about", "ord", "id") WHERE "about" <> '';
CREATE INDEX "message_by_all" ON "message" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "holding" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"address" text COLLATE "C",
	"organisation_address" text COLLATE "C",
	"given" text COLLATE "C",
	"family" text COLLATE "C",
	"unclaimed" text COLLATE "C",
	"remind" text COLLATE "C"
);
CREATE INDEX "holding_by_address" ON "holding" ("address", "ord", "id") WHERE "address" <> '';
CREATE INDEX "holding_by_organisation_address" ON "holding" ("organisation_address", "ord", "id") WHERE "organisation_address" <> '';
CREATE INDEX "holding_by_given" ON "holding" ("given", "ord", "id") WHERE "given" <> '';
CREATE INDEX "holding_by_family" ON "holding" ("family", "ord", "id") WHERE "family" <> '';
CREATE INDEX "holding_by_unclaimed" ON "holding" ("unclaimed", "ord", "id") WHERE "unclaimed" <> '';
CREATE INDEX "holding_by_remind" ON "holding" ("remind", "ord", "id") WHERE "remind" <> '';

CREATE TABLE "earner_pass" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"credential" text COLLATE "C",
	"address" text COLLATE "C",
	"all" text COLLATE "C",
	"other" text COLLATE "C"
);
CREATE INDEX "earner_pass_by_credential" ON "earner_pass" ("credential", "ord", "id") WHERE "credential" <> '';
CREATE INDEX "earner_pass_by_address" ON "earner_pass" ("address", "ord", "id") WHERE "address" <> '';
CREATE INDEX "earner_pass_by_all" ON "earner_pass" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "earner_pass_by_other" ON "earner_pass" ("other", "ord", "id") WHERE "other" <> '';

CREATE TABLE "earner_address" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"person" text COLLATE "C"
);
CREATE INDEX "earner_address_by_person" ON "earner_address" ("person", "ord", "id") WHERE "person" <> '';

CREATE TABLE "earner_ask" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C"
);
CREATE INDEX "earner_ask_by_all" ON "earner_ask" ("all", "ord", "id") WHERE "all" <> '';

CREATE TABLE "webhook" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"organisation" text COLLATE "C"
);
CREATE INDEX "webhook_by_organisation" ON "webhook" ("organisation", "ord", "id") WHERE "organisation" <> '';

CREATE TABLE "webhook_delivery" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"all" text COLLATE "C",
	"endpoint" text COLLATE "C",
	"failed" text COLLATE "C"
);
CREATE INDEX "webhook_delivery_by_all" ON "webhook_delivery" ("all", "ord", "id") WHERE "all" <> '';
CREATE INDEX "webhook_delivery_by_endpoint" ON "webhook_delivery" ("endpoint", "ord", "id") WHERE "endpoint" <> '';
CREATE INDEX "webhook_delivery_by_failed" ON "webhook_delivery" ("failed", "ord", "id") WHERE "failed" <> '';

CREATE TABLE "webhook_due" (
	"id" text COLLATE "C" PRIMARY KEY,
	"version" bigint NOT NULL,
	"ord" text COLLATE "C" NOT NULL,
	"crc" bigint NOT NULL,
	"body" text NOT NULL,
	"endpoint" text COLLATE "C"
);
CREATE INDEX "webhook_due_by_endpoint" ON "webhook_due" ("endpoint", "ord", "id") WHERE "endpoint" <> '';
