#!/bin/sh
# Level 2: verifies the licence again, under the vendor's root key, for this very VM.
#
#   sh verify.sh [FOLDER]
#
# Exits with 0 while the software may run; otherwise with 1 and the reason on standard error. Needs curl, jq and openssl.
set -u
LC_ALL=C
export LC_ALL

# Yours. They must be in the program: whatever it reads from this machine, root of this machine can write.
ISSUER='https://licences.contoso.com'
PRODUCT='contoso/widget'
ROOT_KEYS='Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs' # several with blanks between them

IMDS='169.254.169.254'
VM_ID_PATH='/metadata/instance/compute/vmId?api-version=2021-01-01&format=text'
CHASSIS_TAG='/sys/class/dmi/id/chassis_asset_tag'
AZURE_TAG='7783-7084-3265-9085-8269-3286-77'

MAX_TOKEN=16384
HEX='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
UUID="$HEX$HEX-$HEX-$HEX-$HEX-$HEX$HEX$HEX"

refuse() {
  echo "Not licensed: $1." >&2
  exit 1
}

# Decodes canonical base64url: one spelling for one value, so the bits that are left over must be zeros.
decode() {
  case $1 in
    *[!A-Za-z0-9_-]*) return 1 ;;
  esac
  case $((${#1} % 4))$1 in
    0*) padding='' ;;
    2*[AQgw]) padding='==' ;;
    3*[AEIMQUYcgkosw048]) padding='=' ;;
    *) return 1 ;;
  esac
  printf '%s%s\n' "$1" "$padding" | tr -- '-_' '+/' | fold -w 64 | openssl base64 -d
}

# Takes a compact JWS apart into files: NAME.header, NAME.claims, NAME.signed and NAME.signature. Nothing is verified yet.
parse_token() {
  token=$(head -c $((MAX_TOKEN + 1)) "$folder/$1" 2>/dev/null) || refuse "$1 cannot be read"
  [ ${#token} -le $MAX_TOKEN ] || refuse "$1 is too long"
  case $token in
    *.*.*.*) refuse "$1 is malformed" ;;
    ?*.?*.?*) ;;
    *) refuse "$1 is malformed" ;;
  esac
  printf '%s' "${token%.*}" >"$work/$1.signed"
  rest=${token#*.}
  decode "${token%%.*}" >"$work/$1.header" || refuse "$1 is malformed"
  decode "${rest%.*}" >"$work/$1.claims" || refuse "$1 is malformed"
  decode "${rest#*.}" >"$work/$1.signature" || refuse "$1 is malformed"
  jq -e -s 'length == 2 and all(type == "object")' "$work/$1.header" "$work/$1.claims" >"$work/out" 2>&1 ||
    refuse "$1 is malformed"
}

# RFC 7638, of the P-256 key with these coordinates. Each has 32 octets, which are 43 characters.
thumbprint() {
  [ ${#1} -eq 43 ] && [ ${#2} -eq 43 ] || return 1
  printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$1" "$2" | openssl dgst -sha256 -binary |
    openssl base64 -A | tr -- '+/' '-_' | tr -d '='
}

is_root() {
  for root_key in $ROOT_KEYS; do
    [ "$root_key" = "$1" ] && return
  done
  return 1
}

# ES256: the signature is r and s, 32 octets each, which openssl takes as DER. The key is x and y after a fixed prefix.
check_signature() {
  { decode "$2" && decode "$3"; } >"$work/point" || refuse "$1 is signed by an unusable key"
  {
    echo '-----BEGIN PUBLIC KEY-----'
    echo "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE$(openssl base64 -A <"$work/point")"
    echo '-----END PUBLIC KEY-----'
  } >"$work/key.pem"
  hex=$(od -An -v -tx1 "$work/$1.signature" | tr -d ' \n')
  [ ${#hex} -eq 128 ] || refuse "the signature of $1 is wrong"
  s=${hex#????????????????????????????????????????????????????????????????}
  printf 'asn1=SEQUENCE:rs\n[rs]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex%"$s"}" "$s" >"$work/rs"
  openssl asn1parse -genconf "$work/rs" -noout -out "$work/der" || refuse "the signature of $1 is wrong"
  openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/der" "$work/$1.signed" >"$work/out" 2>&1 ||
    refuse "the signature of $1 is wrong"
}

verify_key_set() {
  parse_token jwks.jwt
  jq -e 'keys == ["alg", "jwk", "kid", "typ"] and .alg == "ES256" and .typ == "jwk-set+jwt" and
    (.jwk | type == "object" and keys == ["crv", "kty", "x", "y"] and .kty == "EC" and .crv == "P-256")
  ' "$work/jwks.jwt.header" >"$work/out" || refuse 'jwks.jwt is no signed key set'
  read -r kid x y <<END
$(jq -r '"\(.kid) \(.jwk.x) \(.jwk.y)"' "$work/jwks.jwt.header")
END
  if ! root=$(thumbprint "$x" "$y") || [ "$root" != "$kid" ] || ! is_root "$root"; then
    refuse 'the key set is signed by another root key'
  fi
  check_signature jwks.jwt "$x" "$y"
  # shellcheck disable=SC2016 # The variables are those of jq.
  check_claims jwks.jwt '
    if .iss != $issuer or .sub != $issuer then "the key set is of another issuer"
    elif [.iat, .exp, .life] | all(is_date) | not then "a time is missing in the key set"
    elif .exp <= .iat or .exp - .iat > 92 * 86400 then "the key set lasts too long"
    elif .keys | type != "array" or any(type != "object" or has("d") or has("k")) then "the key set has unusable keys"
    else "good" end'
}

verify_licence() {
  jq -e '.alg == "ES256" and .typ == "licence+jwt" and (.kid | type) == "string" and
    ([keys[] | select(IN("jku", "x5u", "x5c", "jwk", "crit", "b64"))] == [])
  ' "$work/licence.jwt.header" >"$work/out" || refuse 'licence.jwt is no licence'
  find_key "$(jq -r .kid "$work/licence.jwt.header")"
  check_signature licence.jwt "$x" "$y"
  # shellcheck disable=SC2016 # The variables are those of jq.
  check_claims licence.jwt '
    if .iss != $issuer or (.aud | ascii_downcase) != ($product | ascii_downcase) then
      "the licence is for another product"
    elif [.iat, .exp, .licence.renewAfter, .licence.graceUntil] | all(is_date) | not then
      "a time is missing in the licence"
    elif .iat > $set.exp then "the licence was issued after the end of the key set"
    elif .licence.renewAfter > .exp or .exp > .licence.graceUntil or .licence.graceUntil - .iat > $set.life then
      "the licence lasts longer than the key set allows"
    elif now >= .licence.graceUntil then "the licence and its grace have ended"
    elif .sub != "urn:azure:vm:\(.azure.vmId)" then "the licence names two VMs"
    else "good" end'
}

# Runs a program of jq over the claims: it prints "good", or what is wrong with them.
check_claims() {
  verdict=$(jq -r --arg issuer "$ISSUER" --arg product "$PRODUCT" --slurpfile sets "$work/jwks.jwt.claims" '
    def is_date: type == "number" and . >= 0 and . == floor;
    $sets[0] as $set | '"$2" "$work/$1.claims" 2>"$work/out")
  [ "$verdict" = good ] || refuse "${verdict:-the claims of $1 are malformed}"
}

# Leaves the coordinates of the key in x and y. Its name is computed here: no key can take another's.
find_key() {
  ! is_root "$1" || refuse 'the licence is signed by a root key'
  jq -r '.keys[] | select(.kty == "EC" and .crv == "P-256" and (.use // "sig") == "sig" and (.alg // "ES256") == "ES256")
    | "\(.x) \(.y)"' "$work/jwks.jwt.claims" >"$work/keys"
  while read -r x y; do
    name=$(thumbprint "$x" "$y") && [ "$name" = "$1" ] && return
  done <"$work/keys"
  refuse 'the licence is signed by a key that is not in the key set'
}

# One request to Azure's metadata service (IMDS), never through a proxy. Prints nothing where it does not answer.
read_vm_id() {
  vm=$(curl -q --silent --fail --noproxy '*' --max-time 5 --max-filesize 64 --header 'Metadata: true' \
    "http://$IMDS$VM_ID_PATH" | head -c 64 | tr 'A-F' 'a-f')
  # shellcheck disable=SC2254 # It is a pattern.
  case $vm in
    $UUID) echo "$vm" ;;
  esac
}

# Whether this hardware says that it is not Azure's. A tag that cannot be read says nothing.
is_foreign_chassis() {
  tag=$(cat "$CHASSIS_TAG" 2>/dev/null) && [ "$tag" != "$AZURE_TAG" ]
}

check_vm() {
  here=$(read_vm_id)
  if [ -z "$here" ]; then
    ! is_foreign_chassis || refuse 'this machine is not in Azure'
  elif [ "$here" != "$(jq -r .azure.vmId "$work/licence.jwt.claims")" ]; then
    refuse 'the licence is for another VM'
  fi
}

for program in curl jq openssl; do
  command -v "$program" >/dev/null || {
    echo "verify.sh needs $program. Install it." >&2
    exit 2
  }
done
folder=${1:-/run/countersign}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

sh "$(dirname "$0")/read-state.sh" "$folder" >"$work/out" || exit 1
# The agent writes the key set before the licence, so read it after the licence.
parse_token licence.jwt
verify_key_set
verify_licence
check_vm
jq -r .licence.id "$work/licence.jwt.claims"
