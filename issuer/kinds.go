package issuer

// Kinds are the kinds of record that this package keeps, for those who copy a store or make tables for it. A test holds them
// against the tables that are declared.
func Kinds() []Kind {
	return []Kind{
		installations.Kind, organisations.Kind, achievements.Kind, pictures.Kind, drafts.Kind, draftPictures.Kind,
		credentials.Kind, pairs.Kind, statusLists.Kind, segments.Kind, publishedLists.Kind, signedDocuments.Kind,
		tokens.Kind, repeats.Kind, auditEntries.Kind, auditHeads.Kind, auditReasons.Kind, signedHeads.Kind, secrets.Kind,
		keyFiles.Kind,
		batches.Kind, batchRows.Kind, proposals.Kind, cases.Kind, logos.Kind, endorsements.Kind, revocationLists.Kind, revokedEntries.Kind,
		batchIntents.Kind,
	}
}
