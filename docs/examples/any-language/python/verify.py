"""Level 2: verifies the licence again, under the vendor's root key, for this very VM.

    python3 verify.py [FOLDER]

Exits with 0 while the software may run; otherwise with 1 and the reason on standard error. Python's own library has no
ECDSA, so this needs the package cryptography: pip install cryptography, or python3-cryptography of the distribution.
"""

import base64
import hashlib
import http.client
import json
import re
import sys
import time

from read_state import RUN_FOLDER, NotLicensed, main, read_state, read_text

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
except ImportError:
    print("verify.py needs the package cryptography. Install it: pip install cryptography", file=sys.stderr)
    sys.exit(2)

# Yours. They must be in the program: whatever it reads from this machine, root of this machine can write.
ISSUER = "https://licences.contoso.com"
PRODUCT = "contoso/widget"
ROOT_KEYS = ("Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs",)

IMDS = "169.254.169.254"
VM_ID_PATH = "/metadata/instance/compute/vmId?api-version=2021-01-01&format=text"
CHASSIS_TAG = "/sys/class/dmi/id/chassis_asset_tag"
AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"

MAX_TOKEN = 16_384
LONGEST_SET = 92 * 86_400
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COORDINATE = re.compile("[A-Za-z0-9_-]{43}")
# They would change what is verified, or say where the key comes from.
REFUSED_MEMBERS = {"jku", "x5u", "x5c", "jwk", "crit", "b64"}


def verify(folder=RUN_FOLDER):
    """Returns the claims of the licence. Raises NotLicensed."""
    read_state(folder)
    # The agent writes the key set before the licence, so read it after the licence.
    licence = read_text(folder, "licence.jwt", MAX_TOKEN)
    key_set = verify_key_set(read_text(folder, "jwks.jwt", MAX_TOKEN))
    claims = verify_licence(licence, key_set)
    check_vm(claims)
    return claims


def verify_key_set(text):
    header, claims, signed, signature = parse_token(text, "jwks.jwt")
    if set(header) != {"alg", "typ", "kid", "jwk"} or header["alg"] != "ES256" or header["typ"] != "jwk-set+jwt":
        raise NotLicensed("jwks.jwt is no signed key set")
    root = thumbprint(header["jwk"])
    if root is None or root != header["kid"] or root not in ROOT_KEYS or len(header["jwk"]) != 4:
        raise NotLicensed("the key set is signed by another root key")
    check_signature(header["jwk"], signed, signature, "jwks.jwt")
    if claims.get("iss") != ISSUER or claims.get("sub") != ISSUER:
        raise NotLicensed("the key set is of another issuer")
    iat, exp, _ = (date(claims, name) for name in ("iat", "exp", "life"))
    if not iat < exp <= iat + LONGEST_SET:
        raise NotLicensed("the key set lasts too long")
    keys = claims.get("keys")
    if not isinstance(keys, list) or any(not isinstance(key, dict) or "d" in key or "k" in key for key in keys):
        raise NotLicensed("the key set has unusable keys")
    return claims


def verify_licence(text, key_set):
    header, claims, signed, signature = parse_token(text, "licence.jwt")
    if header.get("alg") != "ES256" or header.get("typ") != "licence+jwt" or REFUSED_MEMBERS & set(header):
        raise NotLicensed("licence.jwt is no licence")
    check_signature(find_key(key_set["keys"], header.get("kid")), signed, signature, "licence.jwt")
    if claims.get("iss") != ISSUER or str(claims.get("aud")).lower() != PRODUCT.lower():
        raise NotLicensed("the licence is for another product")
    terms = claims["licence"] if isinstance(claims.get("licence"), dict) else {}
    iat, exp = date(claims, "iat"), date(claims, "exp")
    renew_after, grace_until = date(terms, "renewAfter"), date(terms, "graceUntil")
    if iat > key_set["exp"]:
        raise NotLicensed("the licence was issued after the end of the key set")
    if not renew_after <= exp <= grace_until or grace_until - iat > key_set["life"]:
        raise NotLicensed("the licence lasts longer than the key set allows")
    if time.time() >= grace_until:
        raise NotLicensed("the licence and its grace have ended")
    return claims


def find_key(keys, kid):
    for key in keys:
        if key.get("use", "sig") == "sig" and key.get("alg", "ES256") == "ES256" and kid not in ROOT_KEYS:
            if kid is not None and thumbprint(key) == kid:  # computed here: no key can take another's name
                return key
    raise NotLicensed("the licence is signed by a key that is not in the key set")


def check_vm(claims):
    azure = claims["azure"] if isinstance(claims.get("azure"), dict) else {}
    licensed = azure.get("vmId")
    if claims.get("sub") != f"urn:azure:vm:{licensed}":
        raise NotLicensed("the licence names two VMs")
    here = read_vm_id()
    if here is None and is_foreign_chassis():
        raise NotLicensed("this machine is not in Azure")
    if here is not None and here != licensed:
        raise NotLicensed("the licence is for another VM")


def read_vm_id():
    """Asks Azure's metadata service (IMDS) once. None where it does not answer. http.client never uses a proxy."""
    connection = http.client.HTTPConnection(IMDS, timeout=5)
    try:
        connection.request("GET", VM_ID_PATH, headers={"Metadata": "true"})
        answer = connection.getresponse()
        text = answer.read(64).decode("ascii", "replace").strip().lower()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return text if answer.status == 200 and UUID.fullmatch(text) else None


def is_foreign_chassis():
    """Whether this hardware says that it is not Azure's. A tag that cannot be read says nothing."""
    try:
        with open(CHASSIS_TAG, encoding="latin-1") as file:
            return file.read(256).strip() != AZURE_TAG
    except OSError:
        return False


def parse_token(text, name):
    """Takes a compact JWS apart: header, claims, signed octets, signature. Nothing is verified yet."""
    try:
        first, second, third = text.split(".")
        header, claims = json.loads(decode(first)), json.loads(decode(second))
        signed, signature = f"{first}.{second}".encode("ascii"), decode(third)
    except (ValueError, RecursionError):
        raise NotLicensed(f"{name} is malformed") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotLicensed(f"{name} is malformed")
    return header, claims, signed, signature


def decode(text):
    """Decodes canonical base64url: one spelling for one value. Raises ValueError."""
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(octets) != text:
        raise ValueError("not canonical")
    return octets


def encode(octets):
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def date(claims, name):
    """Whole seconds since 1970 (NumericDate)."""
    value = claims.get(name)
    if type(value) is not int or value < 0:
        raise NotLicensed(f"{name} is missing in a token")
    return value


def thumbprint(jwk):
    """RFC 7638. None where it is no P-256 key."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        return None
    x, y = jwk.get("x"), jwk.get("y")
    if not all(isinstance(text, str) and COORDINATE.fullmatch(text) for text in (x, y)):
        return None
    members = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return encode(hashlib.sha256(members.encode()).digest())


def check_signature(jwk, signed, signature, name):
    """ES256: the signature is r and s, 32 octets each, which cryptography takes as DER."""
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        x, y = (int.from_bytes(decode(jwk[member]), "big") for member in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()  # checks that it is on the curve
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        is_good = len(signature) == 64
    except (ValueError, InvalidSignature):
        is_good = False
    if not is_good:
        raise NotLicensed(f"the signature of {name} is wrong")


if __name__ == "__main__":
    sys.exit(main(lambda *folder: verify(*folder)["licence"]["id"]))
