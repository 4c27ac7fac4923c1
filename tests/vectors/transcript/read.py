"""A second implementation of docs/PROTOCOL.md, written from that document and the standards it names.

It plays both sides of transcript.json: it makes every document that they sent and opens every one that
they read, and fails at the first byte that differs. It shares nothing with the program but the document.
It needs the `cryptography` package for X25519, HKDF and Fernet, and `kyber-py` for ML-KEM;
ristretto255, CPace, CBOR and the ratchet are here.

    python3 read.py transcript.json
"""

import base64
import copy
import hashlib
import hmac
import json
import struct
import sys

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from kyber_py.ml_kem import ML_KEM_768

# ------------------------------------------------------------------------------- 1. Notation


def leb128(n):
    out = b""
    while True:
        n, digit = n >> 7, n & 0x7F
        out += bytes([digit | (0x80 if n else 0)])
        if not n:
            return out


def lv(*parts):
    parts = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(leb128(len(part)) + part for part in parts)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha256(data):
    return hashlib.sha256(data).digest()


def sha512(data):
    return hashlib.sha512(data).digest()


def hmac256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hmac512(key, data):
    return hmac.new(key, data, hashlib.sha512).digest()


def derive(ikm, label, context, length, salt=None):
    hkdf = HKDF(algorithm=SHA256(), length=length, salt=salt, info=lv(label) + context)
    return hkdf.derive(ikm)


def same(what, got, expected):
    if got != expected:
        raise SystemExit(f"{what}: {got!r} is not {expected!r}")


# ------------------------------------------------------------- ristretto255 (RFC 9496, section 4)

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def is_negative(x):
    return x % P & 1 == 1


def absolute(x):
    return -x % P if is_negative(x) else x % P


def sqrt_ratio_m1(u, v):
    """Whether u/v is square, and the non-negative root of u/v or of i*u/v."""
    v3 = v * v * v % P
    r = u * v3 * pow(u * v3 * v3 * v, (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, absolute(r)


SQRT_AD_MINUS_ONE = sqrt_ratio_m1(-D - 1, 1)[1]
INVSQRT_A_MINUS_D = sqrt_ratio_m1(1, -1 - D)[1]
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P

# The root that the standard prints is the odd one.
if SQRT_AD_MINUS_ONE != 25063068953384623474111414158702152701244531502492656460079210482610430750235:
    SQRT_AD_MINUS_ONE = -SQRT_AD_MINUS_ONE % P


def add(p, q):
    """Points of edwards25519 in extended coordinates."""
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(k, p):
    result = (0, 1, 1, 0)
    while k:
        if k & 1:
            result = add(result, p)
        p, k = add(p, p), k >> 1
    return result


def encode_point(p):
    x0, y0, z0, t0 = p
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, invsqrt = sqrt_ratio_m1(1, u1 * u2 * u2)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    if is_negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        x, y, den_inv = x0, y0, den2
    if is_negative(x * z_inv):
        y = -y % P
    return absolute(den_inv * (z0 - y)).to_bytes(32, "little")


def decode_point(data):
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or is_negative(s):
        raise SystemExit("a share is not a point")
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, invsqrt = sqrt_ratio_m1(1, v * u2 * u2)
    den_x, den_y = invsqrt * u2 % P, invsqrt * invsqrt * u2 * v % P
    x, y = absolute(2 * s * den_x), u1 * den_y % P
    t = x * y % P
    if not was_square or is_negative(t) or y == 0:
        raise SystemExit("a share is not a point")
    if s == 0:
        raise SystemExit("a share is the identity")
    return (x, y, 1, t)


def map_to_point(data):
    t = int.from_bytes(data, "little") % 2**255 % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio_m1(u, v)
    c = -1
    if not was_square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


def derive_element(data):
    return add(map_to_point(data[:32]), map_to_point(data[32:]))


# ----------------------------------------------------------------------- 2. and 3. Code, envelope


def take_code_apart(code):
    nameplate, password = code.split("-", 1)
    return b64(sha256(lv("whisper/1 room of nameplate", nameplate))[:16]), password


def identity(place, document):
    said = [document["from"], str(document["seq"]), bytes.fromhex(document["head"]), document["token"]]
    return b64(sha256(lv("whisper/1 envelope", place["room"], place["epoch"], *said))[:16])


# ------------------------------------------------------------------------------ 4. The handshake


def handshake(record, host_ratchet_key):
    """The session key, the transcript, and the heads of all four messages."""
    room, password = take_code_apart(record["code"])
    same("room", room, record["room"])
    host_nonce, guest_nonce = (bytes.fromhex(record[f"{role}Nonce"]) for role in ("host", "guest"))
    suite = "whisper/2 CPACE-RISTR255-SHA512 ML-KEM-768 X25519 HKDF-SHA-256 HMAC-SHA-256 Fernet"
    ci = lv(suite, room, record["epoch"])
    sid = host_nonce + guest_nonce
    secrets = record["secrets"]["kem"]
    ek, dk = ML_KEM_768.key_derive(bytes.fromhex(secrets["host"][0]))
    ad_a, ad_b = lv("guest", b"\x02"), lv("host", b"\x02", host_ratchet_key, ek)
    dsi, prs = b"CPaceRistretto255", password.encode()
    zpad = bytes(max(0, 128 - 1 - len(lv(prs)) - len(lv(dsi))))
    g = derive_element(sha512(lv(dsi, prs, zpad, ci, sid)))

    def scalar(role):
        drawn = bytearray.fromhex(record["secrets"]["scalars"][role])
        drawn[31] &= 0x0F
        return int.from_bytes(drawn, "little")

    a, b = scalar("guest"), scalar("host")
    ya, yb = encode_point(multiply(a, g)), encode_point(multiply(b, g))
    k = encode_point(multiply(a, decode_point(yb)))
    same("K of either side", encode_point(multiply(b, decode_point(ya))), k)
    lv_a, lv_b = lv(ya, ad_a), lv(yb, ad_b)
    isk = sha512(lv(dsi + b"_ISK", sid, k) + lv_a + lv_b)
    same("ISK", isk.hex(), record["results"]["isk"])
    ss, ct = encapsulate(ek, bytes.fromhex(secrets["guest"][0]))
    same("secret of either side", ML_KEM_768.decaps(dk, ct), ss)
    transcript = sha256(lv("whisper/2 transcript", ci, sid, ya, ad_a, yb, ad_b, ct))
    sk = derive(ss, "whisper/2 hybrid", lv(transcript), 64, salt=isk)
    mac_key = sha512(b"CPaceMac" + sid + sk)
    heads = [
        b"\x02\x01" + guest_nonce + ya,
        b"\x02\x02" + guest_nonce + yb + host_ratchet_key + ek,
        b"\x02\x03" + guest_nonce + ct + hmac512(mac_key, lv_a),
        b"\x02\x04" + guest_nonce + hmac512(mac_key, lv_b),
    ]
    return sk, transcript, heads


def encapsulate(ek, m):
    """ML-KEM.Encaps_internal of FIPS 203, with the random m given."""
    return ML_KEM_768._encaps_internal(ek, m)


# --------------------------------------------------------------------------- 5. The conversation


def key_pair(private):
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(private))


def public_of(pair):
    return pair.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh_ratchet_step(root, pair, peer, kem_secret=b""):
    shared = pair.exchange(X25519PublicKey.from_public_bytes(peer)) + kem_secret
    both = derive(shared, "whisper/2 turn", b"", 64, salt=root)
    return both[:32], both[32:]


def chain_step(chain):
    return hmac256(chain, b"\x01"), hmac256(chain, b"\x02")


class Side:
    def __init__(self, role, privates, kem_secrets, sk, transcript, host_ratchet_key):
        def first(label):
            return derive(sk, label, lv(transcript), 32)

        self.role, self.privates, self.kem_secrets = role, iter(privates), iter(kem_secrets)
        self.mixed = self.held = self.chain_kem = 0
        self.secret, self.acknowledged, self.dk, self.newest, self.cts = None, False, None, 0, {}
        self.transcript = transcript
        host_tags, guest_tags = (first(f"whisper/2 headers of {of}") for of in ("host", "guest"))
        host_chain = first("whisper/2 first chain of host")
        self.root = first("whisper/2 root")
        self.pair = key_pair(next(self.privates))
        self.sent = self.n = self.pn = 0
        self.skipped = {}
        self.files, self.received = {}, []
        if role == "host":
            same("host's ratchet key", public_of(self.pair), host_ratchet_key)
            self.own_tags, self.peer_tags = host_tags, guest_tags
            self.sending = host_chain
            self.receiving, self.peer, self.next, self.before = None, None, 0, 0
        else:
            self.own_tags, self.peer_tags = guest_tags, host_tags
            self.root, self.sending = dh_ratchet_step(self.root, self.pair, host_ratchet_key)
            self.receiving, self.peer, self.next, self.before = host_chain, host_ratchet_key, 0, 0

    def fernet(self, key, header):
        key = derive(key, "whisper/2 message", lv(header, self.transcript), 32)
        return Fernet(base64.urlsafe_b64encode(key))

    def seal(self, padded, iv):
        """The next head and token."""
        if self.sending is None:
            self.pair = key_pair(next(self.privates))
            mixed_in = b""
            if self.role == "guest" and self.secret and self.acknowledged:
                mixed_in, self.secret = self.secret, None
                self.mixed += 1
            self.root, self.sending = dh_ratchet_step(self.root, self.pair, self.peer, mixed_in)
        key, self.sending = chain_step(self.sending)
        self.sent += 1
        header = struct.pack(">BIIII", 2, self.sent, self.pn, self.n, self.mixed) + public_of(self.pair)
        self.n += 1
        token = self.fernet(key, header)._encrypt_from_parts(padded, 0, iv)
        return header + hmac256(self.own_tags, header)[:16], token.decode()

    def skip(self, until):
        for n in range(self.next, until):
            self.skipped[self.before + n + 1], self.receiving = chain_step(self.receiving)
        self.next = max(self.next, until)

    def open(self, head, token):
        """The sequence number and the padded payload."""
        header, tag = head[:49], head[49:]
        same("length of head", len(head), 65)
        same("tag of header", tag, hmac256(self.peer_tags, header)[:16])
        version, seq, pn, n, kem = struct.unpack(">BIIII", header[:17])
        peer = header[17:]
        if version != 2 or seq >= 2**31 or pn + n >= seq:
            raise SystemExit("a header contradicts itself")
        key = self.skipped.pop(seq, None)
        if key is None:
            before = seq - 1 - n
            if peer != self.peer:
                if self.receiving is not None:
                    same("messages before the chain", before, self.before + pn)
                    self.skip(pn)
                else:
                    same("messages before the first chain", before, 0)
                mixed_in = b""
                if self.role == "host" and self.secret and kem == self.mixed + 1:
                    mixed_in, self.secret = self.secret, None
                    self.mixed += 1
                same("KEM exchanges of the chain", kem, self.mixed)
                self.chain_kem = kem
                self.root, self.receiving = dh_ratchet_step(self.root, self.pair, peer, mixed_in)
                self.sending, self.pn, self.n = None, self.n, 0
                self.peer, self.before, self.next = peer, before, 0
            same("messages before the chain", before, self.before)
            same("KEM exchanges of the chain", kem, self.chain_kem)
            if n < self.next:
                raise SystemExit("a message was replayed")
            self.skip(n)
            key, self.receiving = chain_step(self.receiving)
            self.next += 1
        return seq, self.fernet(key, header).decrypt(token.encode())


    def make(self, payload):
        """Checks a payload that this side makes, and derives what the KEM exchange needs of it."""
        same("KEM secret held", payload["kem"], self.held)
        if payload["kind"] == "kem-key":
            self.newest = payload["n"]
            ek, self.dk = ML_KEM_768.key_derive(next(self.kem_secrets))
            same("encapsulation key", payload["ek"].hex(), ek.hex())
        if payload["kind"] == "kem-answer":
            same("ciphertext", payload["ct"].hex(), self.cts[payload["n"]].hex())

    def take(self, payload):
        """Takes in a payload of the peer."""
        self.take_file(payload)
        if self.role == "guest" and payload["kem"] == self.newest and self.secret:
            self.acknowledged = True
        if payload["kind"] == "kem-key" and payload["n"] > self.newest:
            self.newest = self.held = payload["n"]
            self.secret, self.cts[self.newest] = encapsulate(payload["ek"], next(self.kem_secrets))
            self.acknowledged = False
        if payload["kind"] == "kem-answer" and payload["n"] == self.newest and self.dk:
            self.secret, self.held = ML_KEM_768.decaps(self.dk, payload["ct"]), payload["n"]
            self.dk = None

    def take_file(self, payload):
        """Puts files of the peer together, as section 6 says."""
        file = self.files.get(payload.get("id"))
        if payload["kind"] == "offer":
            same("parity of the file", payload["id"] % 2, 0 if self.role == "host" else 1)
            self.files[payload["id"]] = {**payload, "bytes": b"", "next": 1}
        elif payload["kind"] == "chunk" and payload["n"] == file["next"]:
            left = file["size"] - len(file["bytes"])
            same("length of the chunk", len(payload["bytes"]), min(left, 44544))
            file["bytes"] += payload["bytes"]
            file["next"] += 1
        elif payload["kind"] == "end":
            if len(file["bytes"]) < payload["size"]:
                return
            same("size of the file", len(file["bytes"]), payload["size"])
            same("hash of the file", sha256(file["bytes"]), payload["sha256"])
            self.received.append([file["name"], payload["sha256"].hex()])


# ----------------------------------------------------------------------------------- 6. Payloads


def cbor_head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if n < 256 ** struct.calcsize(form):
            return bytes([major << 5 | code]) + struct.pack(form, n)
    raise ValueError(n)


def cbor(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return cbor_head(0, value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(cbor(item) for item in value)
    keys = sorted(value, key=lambda key: (len(key), key))
    return cbor_head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)


def uncbor(data, at):
    """The value at a place, and the place behind it."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True}[info], at
    n = info
    if info >= 24:
        size = 1 << (info - 24)
        n, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major == 0:
        return n, at
    if major == 2:
        return data[at : at + n], at + n
    if major == 3:
        return data[at : at + n].decode(), at + n
    items = []
    for _ in range(n if major == 4 else 2 * n):
        item, at = uncbor(data, at)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at


def pad(data):
    used = len(data) + 1
    sizes = [127, 255, 511, 1023, 2047, *range(4095, used + 4096, 4096)]
    return (data + b"\x80").ljust(next(size for size in sizes if size >= used), b"\x00")


def unpad(padded):
    data = padded.rstrip(b"\x00")
    same("end of payload", data[-1:], b"\x80")
    payload, end = uncbor(data, 0)
    same("length of payload", end, len(data) - 1)
    # One encoding, one padding: what is made of the payload again is what came.
    same("encoding of payload", pad(cbor(payload)), padded)
    return payload


COUNTERS = {"kind", "at", "texts", "shown", "missing", "kem"}
FIELDS = {
    "profile": {"name", "client"},
    "text": {"text"},
    "receipt": set(),
    "timer": {"seconds", "agreed"},
    "burn": set(),
    "bye": set(),
    "ping": set(),
    "verify": {"same"},
    "kem-key": {"n", "ek"},
    "kem-answer": {"n", "ct"},
    "offer": {"id", "name", "size", "stream"},
    "accept": {"id", "from"},
    "refuse": {"id", "reason"},
    "chunk": {"id", "n", "bytes"},
    "end": {"id", "size", "sha256"},
    "delivered": {"id"},
    "cancel": {"id", "reason"},
}
OPTIONAL = {"text": {"reply"}}


def check_fields(payload):
    """The keys that a payload of its kind has, and the types of the newest of them."""
    kind = payload["kind"]
    if kind not in FIELDS:
        raise SystemExit(f"unknown kind {kind}")
    same(f"keys of {kind}", set(payload) - OPTIONAL.get(kind, set()), COUNTERS | FIELDS[kind])
    if "reply" in payload:
        own, number = payload["reply"]
        same("type of reply", (type(own), type(number), number > 0), (bool, int, True))
    if kind == "verify":
        same("type of same", type(payload["same"]), bool)


def from_record(payload):
    """A payload as it is in the record, with its bytes as bytes."""
    return {
        key: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
        for key, value in payload.items()
    }


# ------------------------------------------------------------------------------- 7. Verification


def verification(sk, transcript):
    key = derive(sk, "whisper/2 verify key", lv(transcript), 32)
    data = derive(key, "whisper/2 verify words", b"", 24)
    return key, [(256 * data[2 * i] + data[2 * i + 1]) % 2048 for i in range(12)]


# ------------------------------------------------------------------------------------------------


def main(path):
    with open(path, encoding="utf-8") as file:
        record = json.load(file)
    documents, results = record["documents"], record["results"]
    keys = record["secrets"]["ratchetKeys"]
    host_ratchet_key = public_of(key_pair(keys["host"][0]))
    sk, transcript, heads = handshake(record, host_ratchet_key)
    same("session key", sk.hex(), results["sessionKey"])
    same("transcript", transcript.hex(), results["transcript"])
    sides = {}
    for role in ("host", "guest"):
        # The first of each was used in the handshake.
        kem_secrets = [bytes.fromhex(one) for one in record["secrets"]["kem"][role][1:]]
        sides[role] = Side(role, keys[role], kem_secrets, sk, transcript, host_ratchet_key)
    payloads, said = {}, set()
    for one in record["steps"]:
        by, side = one["by"], sides[one["by"]]
        for i in one.get("says", []):
            document = documents[i]
            same(f"sender of {i}", document["from"], by)
            same(f"identity of {i}", document["id"], identity(record, document))
            if i < len(heads):
                same(f"handshake {i}", document["head"], heads[i].hex())
                same(f"number and token of {i}", (document["seq"], document["token"]), (0, ""))
            else:
                iv = base64.urlsafe_b64decode(document["token"])[9:25]
                payload = from_record(results["payloads"][str(i)])
                side.make(payload)
                padded = pad(cbor(payload))
                head, token = side.seal(padded, iv)
                same(f"head of {i}", document["head"], head.hex())
                same(f"token of {i}", document["token"], token)
                same(f"number of {i}", document["seq"], side.sent)
            said.add(i)
        for i in one.get("reads", []):
            document = documents[i]
            # On a copy, which replaces the state because the token opened.
            trial = copy.copy(side)
            trial.skipped, trial.files = dict(side.skipped), dict(side.files)
            seq, padded = trial.open(bytes.fromhex(document["head"]), document["token"])
            side = sides[by] = trial
            same(f"number of {i}", seq, document["seq"])
            payloads[i] = unpad(padded)
            same(f"payload of {i}", payloads[i], from_record(results["payloads"][str(i)]))
            check_fields(payloads[i])
            side.take(payloads[i])
    same("documents said", said, set(range(len(documents))))
    names = {one["from"]: payloads[i]["name"] for i, one in enumerate(documents)
             if payloads.get(i, {}).get("kind") == "profile"}
    same("names", names, record["names"])
    received = sides["host"].received + sides["guest"].received
    same("files", received, results.get("files", []))
    key, indices = verification(sk, transcript)
    same("verification key", key.hex(), results["verifyKey"])
    same("verification words", indices, results["verifyIndices"])
    print(f"{len(documents)} documents agree")


main(sys.argv[1])
