// Package pdf finds in a PDF file what may carry a credential: attached files, https links and pictures.
//
// Start with [Read]. It gives the attachments with their bytes, the links of the pages, and [Document.Pictures], which draws the
// raster pictures of the pages, and whatever is drawn on them that may be a QR code, one after the other.
//
// The package reads and never writes, runs no script, follows no link and knows nothing of credentials. It is pure. Clauses are
// those of ISO 32000-2:2020.
//
// # Why a reader of its own
//
// Libraries for PDF load whole files into trees of objects and inflate what they meet: a file of a few kilobytes makes them take
// gigabytes or minutes, or panic, and none lets its caller count what is spent. What is needed here is a small part of the
// format, and all of it must be bounded by counted work. So there is one budget for a file (budget): bytes that filters give,
// values that are read, bytes that are looked at, pixels that are drawn. What exceeds it is refused, on every machine alike.
//
// # What is tolerated, and what is not
//
// Real producers write wrong lengths, offsets and cross-reference tables, put text before the header and after the end. All that
// is read as others read it: when the cross-reference table does not lead to the objects, the file is searched for them, and the
// last version of an object counts, as in any incremental update (7.5.6). An object that cannot be read is null (7.3.10).
// Files that are encrypted are decrypted when the standard security handler opens them with the empty user password, as every
// reader opens them without asking (7.6); all others are refused.
//
// Pictures come in grey, as a reader of QR codes needs them, on white where they are transparent. Pictures in JPEG 2000 and JBIG2
// are left out, and [Document.LeftOut] tells so. Drawings are rendered in the order in which the page paints them, filled shapes and straight level or upright
// strokes only.
//
// # Refusals
//
//	malformed    pdf           not a PDF file, no page and no object can be found in it, or what it says of its encryption is damaged
//	encrypted    pdf           the file is encrypted in a way that is not known, or for certain persons
//	             pdf_password  the file asks for a password
//	too_large    pdf           more bytes in the file, or after inflating, than the bounds allow
//	too_complex  pdf           more objects, pages or nesting than the bounds allow
//
// An attachment that alone is damaged or too large has an Error (malformed, encrypted, too_large) instead of data.
package pdf
