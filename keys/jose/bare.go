package jose

import (
	"bytes"
	"encoding/base64"
)

// ParseBare is [Parse] for a token whose header need not name a key, because the payload leads to it: that of Open Badges 2.0
// ("SignedBadge Verification"). Nothing else is let through that Parse refuses. Whether type and content type are those of such
// a token is asked by the caller. Every error is an [*Error].
func ParseBare(token []byte) (*Token, error) { return parse(token, checkTypes) }

func parse(token []byte, types typeRule) (*Token, error) {
	parts := bytes.SplitN(token, []byte("."), 4)
	if len(parts) != 3 || len(parts[0]) == 0 || len(parts[1]) == 0 {
		return nil, &Error{CodeMalformed, "the token is not three parts with dots between them", "RFC 7515 7.1"}
	}
	if base64.RawURLEncoding.DecodedLen(len(parts[0])) > headerLongest {
		return nil, &Error{CodeTooLarge, "the header of the token is longer than 16 KiB", "RFC 7515 4"}
	}
	// encoding/base64 would skip line breaks. The last part is asked for every letter, because one that was cut is decoded no further.
	if hasLineBreak(parts[0]) || hasLineBreak(parts[1]) || len(bytes.Trim(parts[2], alphabet)) > 0 {
		return nil, notBase64URL()
	}
	header, err := decode(parts[0])
	if err != nil {
		return nil, err
	}
	t := &Token{signed: token[:len(parts[0])+1+len(parts[1])]}
	if t.Payload, err = decode(parts[1]); err != nil {
		return nil, err
	}
	if t.Header, err = parseHeader(header, types); err != nil {
		return nil, err
	}
	if t.signature, err = decodeSignature(parts[2], signatureSizes[t.Header.Algorithm]); err != nil {
		return nil, err
	}
	return t, nil
}
