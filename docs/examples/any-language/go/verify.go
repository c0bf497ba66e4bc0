package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// Yours. They must be in the program: whatever it reads from this machine, root of this machine can write.
const (
	issuer  = "https://licences.contoso.com"
	product = "contoso/widget"
)

var rootKeys = []string{"Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs"}

const (
	maxToken   = 16_384
	longestSet = 92 * 86_400
)

// They would change what is verified, or say where the key comes from.
var refusedMembers = []string{"jku", "x5u", "x5c", "jwk", "crit", "b64"}

// verify verifies the licence again, under the vendor's root key, for this very VM. It returns the licence's claims.
func verify(folder string) (map[string]any, error) {
	if _, err := readState(folder); err != nil {
		return nil, err
	}
	// The agent writes the key set before the licence, so read it after the licence.
	licence, err := readFile(folder, "licence.jwt", maxToken)
	if err != nil {
		return nil, err
	}
	keySet, err := readFile(folder, "jwks.jwt", maxToken)
	if err != nil {
		return nil, err
	}
	set, err := verifyKeySet(string(keySet))
	if err != nil {
		return nil, err
	}
	claims, err := verifyLicence(string(licence), set)
	if err != nil {
		return nil, err
	}
	return claims, checkVM(claims)
}

func verifyKeySet(jws string) (map[string]any, error) {
	token, err := parseToken(jws, "jwks.jwt")
	if err != nil {
		return nil, err
	}
	header, jwk := token.header, object(token.header, "jwk")
	if len(header) != 4 || len(jwk) != 4 || text(header, "alg") != "ES256" || text(header, "typ") != "jwk-set+jwt" {
		return nil, errors.New("jwks.jwt is no signed key set")
	}
	root := readKey(jwk)
	if root == nil || root.thumbprint != text(header, "kid") || !contains(rootKeys, root.thumbprint) {
		return nil, errors.New("the key set is signed by another root key")
	}
	if !token.isSignedBy(root) {
		return nil, errors.New("the signature of jwks.jwt is wrong")
	}
	claims := token.claims
	if text(claims, "iss") != issuer || text(claims, "sub") != issuer {
		return nil, errors.New("the key set is of another issuer")
	}
	times, err := dates(claims, "iat", "exp", "life")
	if err != nil {
		return nil, err
	}
	if times["exp"] <= times["iat"] || times["exp"]-times["iat"] > longestSet {
		return nil, errors.New("the key set lasts too long")
	}
	return claims, nil
}

func verifyLicence(jws string, set map[string]any) (map[string]any, error) {
	token, err := parseToken(jws, "licence.jwt")
	if err != nil {
		return nil, err
	}
	if text(token.header, "alg") != "ES256" || text(token.header, "typ") != "licence+jwt" {
		return nil, errors.New("licence.jwt is no licence")
	}
	for _, name := range refusedMembers {
		if _, found := token.header[name]; found {
			return nil, errors.New("licence.jwt is no licence")
		}
	}
	key, err := findKey(set, text(token.header, "kid"))
	if err != nil {
		return nil, err
	}
	if !token.isSignedBy(key) {
		return nil, errors.New("the signature of licence.jwt is wrong")
	}
	claims := token.claims
	if text(claims, "iss") != issuer || !strings.EqualFold(text(claims, "aud"), product) {
		return nil, errors.New("the licence is for another product")
	}
	return claims, checkTimes(claims, set)
}

func checkTimes(claims, set map[string]any) error {
	ofSet, err := dates(set, "exp", "life")
	if err != nil {
		return err
	}
	times, err := dates(claims, "iat", "exp")
	if err != nil {
		return err
	}
	terms, err := dates(object(claims, "licence"), "renewAfter", "graceUntil")
	if err != nil {
		return err
	}
	iat, exp, graceUntil := times["iat"], times["exp"], terms["graceUntil"]
	switch {
	case iat > ofSet["exp"]:
		return errors.New("the licence was issued after the end of the key set")
	case terms["renewAfter"] > exp || exp > graceUntil || graceUntil-iat > ofSet["life"]:
		return errors.New("the licence lasts longer than the key set allows")
	case time.Now().Unix() >= graceUntil:
		return errors.New("the licence and its grace have ended")
	}
	return nil
}

// findKey computes the name of each key: no key can take another's.
func findKey(set map[string]any, kid string) (*signingKey, error) {
	var found *signingKey
	keys, _ := set["keys"].([]any)
	for _, value := range keys {
		jwk, isObject := value.(map[string]any)
		if !isObject || jwk["d"] != nil || jwk["k"] != nil { // a private or secret key has no place there
			return nil, errors.New("the key set has unusable keys")
		}
		isForSignatures := (jwk["use"] == nil || jwk["use"] == "sig") && (jwk["alg"] == nil || jwk["alg"] == "ES256")
		key := readKey(jwk)
		if isForSignatures && key != nil && key.thumbprint == kid && !contains(rootKeys, kid) {
			found = key
		}
	}
	if found == nil {
		return nil, errors.New("the licence is signed by a key that is not in the key set")
	}
	return found, nil
}

func checkVM(claims map[string]any) error {
	licensed := text(object(claims, "azure"), "vmId")
	if text(claims, "sub") != "urn:azure:vm:"+licensed {
		return errors.New("the licence names two VMs")
	}
	here := readVMID()
	if here == "" && isForeignChassis() {
		return errors.New("this machine is not in Azure")
	}
	if here != "" && here != licensed {
		return errors.New("the licence is for another VM")
	}
	return nil
}

// token is a compact JWS taken apart. Nothing of it is verified before isSignedBy.
type token struct {
	header, claims    map[string]any
	signed, signature []byte
}

func parseToken(jws, name string) (*token, error) {
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%s is malformed", name)
	}
	parsed := token{signed: []byte(parts[0] + "." + parts[1]), signature: decode(parts[2])}
	isHeader := json.Unmarshal(decode(parts[0]), &parsed.header) == nil && parsed.header != nil
	isClaims := json.Unmarshal(decode(parts[1]), &parsed.claims) == nil && parsed.claims != nil
	if !isHeader || !isClaims {
		return nil, fmt.Errorf("%s is malformed", name)
	}
	return &parsed, nil
}

// isSignedBy verifies ES256: the signature is r and s, 32 octets each.
func (t *token) isSignedBy(key *signingKey) bool {
	if len(t.signature) != 64 {
		return false
	}
	digest := sha256.Sum256(t.signed)
	r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
	return ecdsa.Verify(&key.public, digest[:], r, s)
}

// signingKey is a public key with its RFC 7638 thumbprint.
type signingKey struct {
	thumbprint string
	public     ecdsa.PublicKey
}

// readKey returns nil where it is no P-256 key.
func readKey(jwk map[string]any) *signingKey {
	x, y := decode(text(jwk, "x")), decode(text(jwk, "y"))
	if text(jwk, "kty") != "EC" || text(jwk, "crv") != "P-256" || len(x) != 32 || len(y) != 32 {
		return nil
	}
	curve := elliptic.P256()
	public := ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	if !curve.IsOnCurve(public.X, public.Y) {
		return nil
	}
	members := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, text(jwk, "x"), text(jwk, "y"))
	digest := sha256.Sum256([]byte(members))
	return &signingKey{base64.RawURLEncoding.EncodeToString(digest[:]), public}
}

// decode returns nil where the text is not canonical base64url: one spelling for one value.
func decode(encoded string) []byte {
	octets, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which Go skips
		return nil
	}
	return octets
}

// dates reads whole seconds since 1970 (NumericDate).
func dates(members map[string]any, names ...string) (map[string]int64, error) {
	found := map[string]int64{}
	for _, name := range names {
		value, isNumber := members[name].(float64)
		if !isNumber || value < 0 || value > 1<<53 || value != math.Trunc(value) {
			return nil, fmt.Errorf("%s is missing in a token", name)
		}
		found[name] = int64(value)
	}
	return found, nil
}

func contains(texts []string, wanted string) bool {
	for _, text := range texts {
		if text == wanted {
			return true
		}
	}
	return false
}
