package kms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	region      = "eu-west-1"
	accessKey   = "AKIDEXAMPLE"
	secretKey   = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	accessToken = "session/token+of=nobody"
)

// fake speaks the HTTP interface of the service: JSON 1.1, signed with Signature Version 4, and holds real keys.
type fake struct {
	t       *testing.T
	url     string
	mu      sync.Mutex
	keys    map[string]*fakeKey // by id
	aliases map[string]string   // alias -> id
	calls   []string            // operations, in order
	unripe  int                 // times that a new key is not known yet
	perPage int

	// mishap, set by goWrong, may answer a request in place of the service. It is called without the lock.
	mishap func(operation string, w http.ResponseWriter) (answered bool)
	// tamper may change an answer, under the lock.
	tamper func(operation string, answer map[string]any)
}

type fakeKey struct {
	private crypto.Signer
	spec    string
	tags    map[string]string
	unripe  int
	state   string // an error code that its use gives
}

// newFake starts the service and puts its credentials into the environment, and nothing else of AWS.
func newFake(t *testing.T) *fake {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": accessToken,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "",
		// Neither is followed.
		"AWS_ENDPOINT_URL": "http://192.0.2.1", "AWS_ENDPOINT_URL_KMS": "http://192.0.2.2", "HTTP_PROXY": "http://192.0.2.3", "HTTPS_PROXY": "http://192.0.2.3",
	} {
		t.Setenv(name, value)
	}
	f := &fake{t: t, keys: map[string]*fakeKey{}, aliases: map[string]string{"alias/aws/ebs": "", "alias/other": "1"}, perPage: 100}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// open opens the service there, with less patience than in life.
func (f *fake) open() *Service {
	f.t.Helper()
	s, err := parse("awskms:region=" + region + ";endpoint=" + f.url)
	if err != nil {
		f.t.Fatal(err)
	}
	s.wait, s.pause = 2*time.Second, 5*time.Millisecond
	service, err := open(f.t.Context(), s)
	if err != nil {
		f.t.Fatal(err)
	}
	return service
}

func (f *fake) count(operation string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.calls), func(one string) bool { return one != operation }))
}

// with changes what the fake holds.
func (f *fake) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// goWrong has mishap answer from now on; nil ends it.
func (f *fake) goWrong(mishap func(operation string, w http.ResponseWriter) (answered bool)) {
	f.with(func() { f.mishap = mishap })
}

// of returns the key that an alias of the default prefix names.
func (f *fake) of(name string) *fakeKey { return f.keys[f.aliases[defaultPrefix+name]] }

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "It holds " + accessToken + " of the request."})
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // its time was over while it asked
		return
	}
	operation, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	if !ours || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		f.t.Errorf("no request of the protocol: %s %s %v", r.Method, r.URL, r.Header)
	}
	f.mu.Lock()
	f.calls = append(f.calls, operation)
	mishap := f.mishap
	f.mu.Unlock()
	if err := signedRightly(r, body); err != nil {
		f.t.Error(err)
		fail(w, 400, "InvalidSignatureException")
		return
	}
	if mishap != nil && mishap(operation, w) {
		return
	}
	var in map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&in); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	answer, code := f.answer(operation, in)
	if code != "" {
		fail(w, 400, code)
		return
	}
	if f.tamper != nil {
		f.tamper(operation, answer)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer)
}

// signedRightly signs the request again, with the headers that were signed, and compares.
func signedRightly(r *http.Request, body []byte) error {
	given := r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(given, "SignedHeaders=")
	names, _, _ := strings.Cut(rest, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(names, ";") {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: accessToken},
		again, hex.EncodeToString(sum[:]), "kms", region, at)
	if want := again.Header.Get("Authorization"); err != nil || given != want || !strings.Contains(names, "x-amz-target") || time.Since(at).Abs() > time.Minute {
		return fmt.Errorf("the request is signed as %s, want %s (%w)", given, want, err)
	}
	return nil
}

func (f *fake) answer(operation string, in map[string]any) (map[string]any, string) {
	switch operation {
	case "CreateKey":
		return f.createKey(in)
	case "CreateAlias":
		alias, id := in["AliasName"].(string), in["TargetKeyId"].(string)
		if _, taken := f.aliases[alias]; taken {
			return nil, "AlreadyExistsException"
		}
		if _, code := f.use(id); code != "" {
			return nil, code
		}
		f.aliases[alias] = id
		return map[string]any{}, ""
	case "ListAliases":
		return f.listAliases(in)
	}
	id := in["KeyId"].(string)
	if strings.HasPrefix(id, "alias/") {
		id = f.aliases[id]
	}
	id = id[strings.LastIndex(id, "/")+1:]
	key, code := f.use(id)
	if code != "" {
		return nil, code
	}
	answer := map[string]any{"KeyId": "arn:aws:kms:" + region + ":111122223333:key/" + id}
	switch operation {
	case "GetPublicKey":
		answer["PublicKey"], _ = x509.MarshalPKIXPublicKey(key.private.Public())
		answer["KeyUsage"], answer["KeySpec"] = "SIGN_VERIFY", key.spec
		answer["SigningAlgorithms"] = map[string][]string{
			"ECC_NIST_EDWARDS25519": {"ED25519_SHA_512", "ED25519_PH_SHA_512"}, "ECC_NIST_P256": {"ECDSA_SHA_256"}, "ECC_NIST_P384": {"ECDSA_SHA_384"},
			"RSA_2048": {"RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_512"},
		}[key.spec]
	case "Sign":
		signature, code := key.sign(in)
		if code != "" {
			return nil, code
		}
		answer["Signature"], answer["SigningAlgorithm"] = signature, in["SigningAlgorithm"]
	default:
		return nil, "UnknownOperationException"
	}
	return answer, ""
}

// use is what the service checks whenever a key is used.
func (f *fake) use(id string) (*fakeKey, string) {
	key := f.keys[id]
	if key == nil {
		return nil, "NotFoundException"
	}
	if key.unripe > 0 {
		key.unripe--
		return nil, "NotFoundException"
	}
	return key, key.state
}

func (f *fake) createKey(in map[string]any) (map[string]any, string) {
	if in["KeyUsage"] != "SIGN_VERIFY" || in["Description"] == nil {
		return nil, "ValidationException"
	}
	key := &fakeKey{spec: in["KeySpec"].(string), unripe: f.unripe, tags: map[string]string{}}
	for _, tag := range in["Tags"].([]any) {
		tag := tag.(map[string]any)
		key.tags[tag["TagKey"].(string)] = tag["TagValue"].(string)
	}
	switch key.spec {
	case "ECC_NIST_EDWARDS25519":
		_, key.private, _ = ed25519.GenerateKey(rand.Reader)
	case "ECC_NIST_P256":
		key.private, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ECC_NIST_P384":
		key.private, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "RSA_2048":
		key.private, _ = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return nil, "UnsupportedOperationException"
	}
	id := fmt.Sprintf("1234abcd-12ab-34cd-56ef-%012d", len(f.keys)+1)
	f.keys[id] = key
	return map[string]any{"KeyMetadata": map[string]any{"KeyId": id, "Arn": "arn:aws:kms:" + region + ":111122223333:key/" + id}}, ""
}

func (f *fake) listAliases(in map[string]any) (map[string]any, string) {
	names := slices.Sorted(maps.Keys(f.aliases))
	from := 0
	if marker, ok := in["Marker"].(string); ok {
		from, _ = strconv.Atoi(marker)
	}
	page := []map[string]any{}
	for _, name := range names[from:min(from+f.perPage, len(names))] {
		entry := map[string]any{"AliasName": name, "AliasArn": "arn:aws:kms:" + region + ":111122223333:" + name, "CreationDate": 1.7e9}
		if f.aliases[name] != "" {
			entry["TargetKeyId"] = f.aliases[name]
		}
		page = append(page, entry)
	}
	answer := map[string]any{"Aliases": page, "Truncated": false}
	if next := from + len(page); next < len(names) {
		answer["NextMarker"], answer["Truncated"] = strconv.Itoa(next), true
	}
	return answer, ""
}

// sign holds to what the service takes.
func (k *fakeKey) sign(in map[string]any) ([]byte, string) {
	var message []byte
	if err := json.Unmarshal([]byte(strconv.Quote(in["Message"].(string))), &message); err != nil || len(message) > 4096 {
		return nil, "ValidationException"
	}
	hash, how := crypto.SHA256, in["MessageType"].(string)+" "+in["SigningAlgorithm"].(string)
	if want := map[string]string{"ECC_NIST_EDWARDS25519": "RAW ED25519_SHA_512", "ECC_NIST_P256": "DIGEST ECDSA_SHA_256",
		"ECC_NIST_P384": "DIGEST ECDSA_SHA_384", "RSA_2048": "DIGEST RSASSA_PKCS1_V1_5_SHA_256"}[k.spec]; how != want {
		return nil, "InvalidKeyUsageException"
	}
	switch k.spec {
	case "ECC_NIST_EDWARDS25519":
		hash = 0
	case "ECC_NIST_P384":
		hash = crypto.SHA384
	}
	if hash != 0 && len(message) != hash.Size() {
		return nil, "ValidationException"
	}
	signature, err := k.private.Sign(rand.Reader, message, hash)
	if err != nil {
		return nil, "KMSInternalException"
	}
	return signature, ""
}
