package kms

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/aws/smithy-go"

	"github.com/laurelbadges/laurel/keys"
)

// fault says what an error of the SDK means for the key with this name, which is "" for a list, and for the permission that the
// call needs. Only the code of the error is repeated: the text of the service may hold parts of the request.
func fault(err error, name, permission string) error {
	of := "the key " + name + " in AWS KMS"
	if name == "" {
		of = "AWS KMS"
	}
	sentence := ""
	switch code(err) {
	case "NotFoundException":
		return fmt.Errorf("looking for %s: %w", of, fs.ErrNotExist)
	case "AlreadyExistsException":
		return fmt.Errorf("naming %s: %w", of, fs.ErrExist)
	case "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
		sentence = "AWS KMS is asked more often than the account may; try again in a moment"
	case "AccessDeniedException", "AccessDenied":
		sentence = "the credentials are not allowed to use " + of + "; they need the permission " + permission
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "IncompleteSignature", "ExpiredTokenException", "ExpiredToken",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException":
		sentence = "AWS does not accept the credentials; check that they are right and not expired, and that the clock of this machine is"
	case "DisabledException":
		sentence = of + " is disabled; enable it there"
	case "KMSInvalidStateException":
		sentence = of + " is not ready, or waits to be deleted; cancel the deletion there and enable it"
	case "LimitExceededException":
		sentence = "the account has as many keys or aliases as it may; ask AWS for more"
	case "UnsupportedOperationException", "ValidationException", "InvalidKeyUsageException", "InvalidAliasNameException":
		return fmt.Errorf("using %s: %w: it cannot do what was asked for in this region, or is a key of another kind%s", of, keys.ErrKey, codeOf(err))
	case "":
		sentence = "there was no proper answer from AWS KMS; check the network and the endpoint, and try again in a moment"
		if late := net.Error(nil); errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout() {
			sentence = "AWS KMS did not answer in time; try again in a moment"
		}
	default:
		sentence = "AWS KMS could not do it; try again in a moment"
	}
	return fmt.Errorf("%w: %s%s", keys.ErrUnavailable, sentence, codeOf(err))
}

// code is the name that AWS gives to an error, "" for one that is not of AWS.
func code(err error) string {
	if answered := smithy.APIError(nil); errors.As(err, &answered) {
		return answered.ErrorCode()
	}
	return ""
}

// codeOf writes the name of an error, so that it can be looked up.
func codeOf(err error) string {
	if name := code(err); name != "" {
		return " (" + name + ")"
	}
	return ""
}
